"""Executors, and what becomes of finished blocks when something fails."""

import os
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Event, Timer

import pytest

from benign_osc_lib.sweeps import Store, Table, schedule
from tests.library.sweeps.common import assert_same, run


def test_a_thread_pool(serial):
    with ThreadPoolExecutor(3) as executor:
        assert_same(run(executor=executor, block_size=5), serial)


def test_a_process_pool(serial, tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert_same(run(executor=executor, block_size=9, store=tmp_path), serial)
    assert_same(run(store=tmp_path), serial)


class Recorder(Executor):
    """Runs a task when it is submitted; remembers how many were waiting at most."""

    def __init__(self, fail_at=None):
        self.submitted, self.fail_at = [], fail_at

    def submit(self, function, *arguments):
        future = Future()
        self.submitted.append(future)
        if self.fail_at is not None and len(self.submitted) > self.fail_at:
            return future  # for ever in the queue
        if len(self.submitted) == self.fail_at:
            future.set_exception(MemoryError("too large"))
        else:
            future.set_result(function(*arguments))
        return future


def test_not_all_blocks_are_submitted_at_once(serial, monkeypatch):
    monkeypatch.setattr(schedule, "IN_FLIGHT", 4)
    executor, filled = Recorder(), []
    fill = Table.fill

    def watched(*arguments):
        filled.append(len(executor.submitted))
        fill(*arguments)

    monkeypatch.setattr(Table, "fill", watched)
    assert_same(run(executor=executor, block_size=3), serial)
    assert len(executor.submitted) == len(filled) == 16
    assert filled[0] == 4


def test_a_failing_block_stops_the_sweep(serial, tmp_path):
    executor = Recorder(fail_at=3)
    message = r"stopped with 2 of 8 blocks done; call sweep again .*MemoryError\('too large'\)"
    with pytest.raises(RuntimeError, match=message):
        run(executor=executor, block_size=6, store=tmp_path)
    assert all(future.cancelled() for future in executor.submitted[3:])
    assert len(list(tmp_path.glob("blocks/*.nc"))) == 2
    with pytest.raises(RuntimeError, match=r"^the sweep stopped with 2 of 8 blocks done: "):
        run(executor=Recorder(fail_at=3), block_size=6)
    assert_same(run(store=tmp_path), serial)


def test_a_dead_pool_stops_the_sweep(serial, tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        executor.submit(os._exit, 1)
        with pytest.raises(RuntimeError, match=r"stopped with 0 of 8 blocks .*BrokenProcessPool"):
            run(executor=executor, block_size=6, store=tmp_path)
    assert_same(run(store=tmp_path), serial)


def test_an_interrupt_keeps_what_is_finished(serial, tmp_path, monkeypatch):
    """Also what was finished and waited to be written."""
    executor = Recorder(fail_at=6)
    save, saved = Store.save, []

    def interrupted(self, *arguments):
        saved.append(arguments[0])
        if len(saved) == 3:
            raise KeyboardInterrupt
        save(self, *arguments)

    monkeypatch.setattr(Store, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(executor=executor, block_size=6, store=tmp_path)
    assert all(future.cancelled() for future in executor.submitted[6:])
    assert len(list(tmp_path.glob("blocks/*.nc"))) == 5
    assert_same(run(store=tmp_path), serial)


@pytest.mark.parametrize("error", [OSError("no worker"), KeyboardInterrupt(), SystemExit()])
def test_what_is_finished_is_kept_when_submit_fails(error, serial, tmp_path):
    class Fails(Recorder):
        def submit(self, *arguments):
            if len(self.submitted) == 3:
                raise error
            return super().submit(*arguments)

    expected = RuntimeError if isinstance(error, Exception) else type(error)
    with pytest.raises(expected, match="3 of 8 blocks done.*no worker" if error.args else None):
        run(executor=Fails(), block_size=6, store=tmp_path)
    assert len(list(tmp_path.glob("blocks/*.nc"))) == 3
    assert_same(run(store=tmp_path), serial)


def kept_of(tasks, executor, keep=None):
    """What run_tasks keeps of tasks that call their argument, and its error."""
    kept = {}
    try:
        schedule.run_tasks(lambda call: call(), tasks, executor, keep or kept.__setitem__)
    except BaseException as error:
        return kept, error
    return kept, None


class Slow:
    """A task that has begun and does not end before it is told to."""

    def __init__(self):
        self.begun, self.end = Event(), Event()

    def __call__(self):
        self.begun.set()
        self.end.wait(60)
        return "slow"


def test_after_an_error_what_has_begun_is_waited_for():
    slow = Slow()

    def tasks():
        yield 1, (lambda: "quick",)
        yield 2, (slow,)
        slow.begun.wait(60)
        Timer(0.1, slow.end.set).start()
        raise ValueError("no more tasks")

    with ThreadPoolExecutor(2) as pool:
        kept, error = kept_of(tasks(), pool)
    assert kept == {1: "quick", 2: "slow"} and str(error) == "no more tasks"


def test_after_an_interrupt_nothing_is_waited_for():
    slow, called = Slow(), []

    def tasks():
        yield 1, (lambda: "quick",)
        yield 2, (slow,)
        yield 3, (lambda: called.append(3),)
        slow.begun.wait(60)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        kept, error = kept_of(tasks(), pool)
        slow.end.set()
    assert isinstance(error, KeyboardInterrupt)
    assert kept == {1: "quick"} and not called


def test_an_interrupt_of_the_wait_keeps_what_is_finished(monkeypatch):
    first, wait = [], schedule.wait

    def interrupted(futures, **options):
        if first:
            raise KeyboardInterrupt
        return wait(futures, **options)

    def tasks():
        yield 1, (lambda: "one",)
        yield 2, (lambda: "two",)
        first.append(True)
        raise ValueError

    monkeypatch.setattr(schedule, "wait", interrupted)
    kept, error = kept_of(tasks(), Recorder())
    assert kept == {1: "one", 2: "two"} and isinstance(error, KeyboardInterrupt)


@pytest.mark.parametrize("executor", [None, Recorder])
def test_an_interrupted_keep_is_repeated(executor):
    """Ctrl-C while a block is written does not lose it."""
    kept, tries = {}, []

    def keep(key, value):
        tries.append(key)
        if len(tries) == 2:
            raise KeyboardInterrupt
        kept[key] = value

    _, error = kept_of(((k, (int,)) for k in range(9)), executor and executor(), keep)
    assert isinstance(error, KeyboardInterrupt)
    assert set(range(2)) <= set(kept)


def test_one_result_that_cannot_be_kept_does_not_lose_the_others():
    kept = {}

    def keep(key, value):
        if key == 1:
            raise OSError("disk full")
        kept[key] = value

    _, error = kept_of(((k, (int,)) for k in range(4)), Recorder(), keep)
    assert str(error) == "disk full" and kept == {0: 0, 2: 0, 3: 0}


def test_the_progress_bar_counts_runs(tmp_path, capsys):
    run(block_size=5, store=tmp_path, progress=True)
    assert "48/48" in capsys.readouterr().err
    next(tmp_path.glob("blocks/*.nc")).unlink()
    run(store=tmp_path, progress=True)
    shown = capsys.readouterr()
    assert "48/48" in shown.err and "runs/s" in shown.err and "| 0/48" not in shown.err
    assert shown.out == ""
    run()
    assert capsys.readouterr().err == ""
