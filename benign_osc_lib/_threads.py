"""Work in threads, for tasks that let other threads run: compiled loops, and torch as it draws.

And the contrary: torch's own threads kept away from work that is too small for them.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import torch


def for_each(count, worker):
    """Do the tasks 0, 1, …, count − 1, each once, in as many threads as torch uses.

    The first error, or Ctrl-C, ends it: tasks that have begun are waited for, others are left out.

    Args:
        count: number of tasks.
        worker: called once for each thread, returns a function of the number of a task; so each
            thread can have a workspace of its own.
    """
    threads = min(torch.get_num_threads(), count)
    tasks = iter(range(count))

    def work():
        task = worker()
        for k in tasks:  # of all threads: each number comes to one of them
            task(k)

    if threads < 2:
        work()
        return
    pool = ThreadPoolExecutor(threads)
    try:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()
    finally:
        for _ in tasks:  # after an error some are left
            pass
        pool.shutdown()


_lock, _single, _before = Lock(), 0, 1


@contextmanager
def one_thread(wanted):
    """Torch uses one thread inside, if that is wanted; afterwards as many as before.

    Calls from several Python threads may overlap: torch's number is in part that of the process,
    so each puts back what the first of them found.
    """
    global _single, _before
    if not wanted:
        yield
        return
    with _lock:
        _before = _before if _single else torch.get_num_threads()
        _single += 1
    try:
        torch.set_num_threads(1)
        yield
    finally:
        with _lock:
            _single -= 1
            torch.set_num_threads(_before)
