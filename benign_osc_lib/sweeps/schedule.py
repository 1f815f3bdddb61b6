"""Blocks run here or by an executor; each result is kept as soon as it is there."""

from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress

IN_FLIGHT = 256
"""Blocks handed to an executor at a time."""


class _Here(Executor):
    """Runs a task in this process when it is submitted."""

    def submit(self, function, /, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def run_tasks(function, tasks, executor, keep):
    """Call ``keep(key, result)`` once for each task, when it is done; they are done in any order.

    Whatever ends this early, what is finished is kept first. After an error the tasks that have
    begun are waited for, those in a queue are cancelled; after an interrupt nothing is waited for.

    Args:
        function: what to run.
        tasks: iterable of (key, arguments); taken when there is room for another task.
        executor: a ``concurrent.futures.Executor``, or None to run the tasks here.
        keep: may be called a second time with the same key and result if it did not return.

    Raises:
        Exception: whatever a task, the executor, ``tasks`` or ``keep`` raised first.
    """
    executor, room = (_Here(), 1) if executor is None else (executor, IN_FLIGHT)
    waiting = {}
    try:
        for key, arguments in tasks:
            future = executor.submit(function, *arguments)
            waiting[future] = key
            if len(waiting) >= room:
                _keep_done(waiting, keep)
        while waiting:
            _keep_done(waiting, keep)
    except BaseException as error:
        begun = [future for future in waiting if not future.cancel()]
        try:
            wait(begun, timeout=None if isinstance(error, Exception) else 0)
        finally:
            for future in begun:
                if future.done():
                    with suppress(Exception):  # the first error is the one to be raised
                        keep(waiting[future], future.result())
        raise


def _keep_done(waiting, keep):
    """Keep what is done, at least one; what failed comes last."""
    done = wait(waiting, return_when=FIRST_COMPLETED).done
    for future in sorted(done, key=lambda f: f.cancelled() or f.exception() is not None):
        keep(waiting[future], future.result())
        del waiting[future]
