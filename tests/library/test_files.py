"""Files that are there in full or not at all, and the tidying up after killed processes."""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benign_osc_lib import _files as files

LEFT_OVER = files.TEMPORARY + files._HOST + "-" + 32 * "0"
ELSEWHERE = files.TEMPORARY + "elsewhere-" + 32 * "0"


@pytest.fixture
def held(tmp_path):
    (tmp_path / "file").write_text("")
    presences = []

    def enter():
        presences.append(files.Presence(tmp_path / "file", [tmp_path]))
        return presences[-1]

    yield enter
    for presence in presences:
        presence.close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def no_links(*_):
    raise OSError(errno.EPERM, "no hard links here")


@pytest.mark.parametrize("links", [True, False])
def test_of_many_exactly_one_creates_a_file(links, tmp_path, monkeypatch):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    contents = [bytes([k]) * 1000 for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda c: files.create(tmp_path / "file", c), contents))
    assert sum(created) == 1
    assert (tmp_path / "file").read_bytes() == contents[created.index(True)]
    assert names(tmp_path) == ["file"]


def test_who_loses_the_temporary_file_finds_that_somebody_else_was_first(tmp_path, monkeypatch):
    def taken_for_a_left_over(source, target):
        source.unlink()
        raise FileNotFoundError

    monkeypatch.setattr(os, "link", taken_for_a_left_over)
    assert not files.create(tmp_path / "file", b"content")


@pytest.mark.parametrize("links", [True, False])
def test_a_full_disk_leaves_nothing(links, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "no space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    for write in (files.create, files.replace):
        with pytest.raises(OSError, match="no space left"):
            write(tmp_path / "file", b"new")
    monkeypatch.undo()
    monkeypatch.setattr(os, "link", no_links)
    flushed = []

    def full_at_last(_):
        flushed.append(1)
        if len(flushed) == 2:
            full(_)

    monkeypatch.setattr(os, "fsync", full_at_last)
    with pytest.raises(OSError, match="no space left"):
        files.create(tmp_path / "other", b"new")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_replaced_file_is_always_there(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "broken")

    files.replace(tmp_path / "file", b"first")
    files.replace(tmp_path / "file", b"second")
    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="broken"):
        files.replace(tmp_path / "file", b"third")
    assert (tmp_path / "file").read_bytes() == b"second"
    assert names(tmp_path) == ["file"]


needs_locks = pytest.mark.skipif(files.fcntl is None, reason="this system has no flock")


@needs_locks
def test_who_is_alone_removes_what_is_left_over(tmp_path, held):
    (tmp_path / LEFT_OVER).write_text("x")
    (tmp_path / (files.TEMPORARY + "anything")).write_text("x")
    first = held()
    assert names(tmp_path) == ["file"]
    (tmp_path / LEFT_OVER).write_text("of a third process, which is at work or was killed")
    second = held()
    assert names(tmp_path) == [LEFT_OVER, "file"]
    first.close()
    assert names(tmp_path) == [LEFT_OVER, "file"]
    second.close()
    assert names(tmp_path) == ["file"]


@needs_locks
def test_an_interrupted_tidying_leaves_no_lock(tmp_path, held, monkeypatch):
    """Not even if a process forked in the meantime still has the file."""
    presence = held()
    copy = os.dup(presence.handle)

    def interrupted(_):
        files.fcntl.flock(presence.handle, files.fcntl.LOCK_EX)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.Presence, "_tidy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            presence.close()
    (tmp_path / LEFT_OVER).write_text("x")
    held()
    os.close(copy)
    assert names(tmp_path) == ["file"]


@needs_locks
def test_nobody_waits_for_ever(tmp_path, held, monkeypatch):
    monkeypatch.setattr(files, "_PATIENCE", 0.05)
    with open(tmp_path / "file") as other:
        files.fcntl.flock(other, files.fcntl.LOCK_EX)
        (tmp_path / LEFT_OVER).write_text("x")
        held().close()
    assert names(tmp_path) == [LEFT_OVER, "file"]


@needs_locks
def test_a_forked_process_is_not_at_work(tmp_path, held):
    """It neither keeps the lock when the other is killed nor gives it up while it works."""
    presence, (ready, say) = held(), os.pipe()
    child = os.fork()
    if not child:
        os.write(say, b"x")
        time.sleep(60)
        os._exit(0)
    try:
        os.read(ready, 1)
        grandchild = os.fork()
        if not grandchild:
            os._exit(0)
        os.waitpid(grandchild, 0)
        (tmp_path / LEFT_OVER).write_text("x")
        held()
        assert names(tmp_path) == [LEFT_OVER, "file"]
        for one in files._presences:
            one.forget()  # as if this process were killed, and the child had survived
        held()
        assert names(tmp_path) == ["file"]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(ready), os.close(say)
    assert presence.handle is None


@pytest.mark.parametrize("name", [LEFT_OVER, ELSEWHERE])
def test_without_locks_only_old_files_are_left_over(name, tmp_path, held, monkeypatch):
    """Nor are the files of another machine, whose locks may not be seen here."""
    if name == LEFT_OVER:
        monkeypatch.setattr(files, "fcntl", None)
    path = tmp_path / name
    path.write_text("x")
    held()
    assert path.exists()
    yesterday = time.time() - 25 * 3600
    os.utime(path, (yesterday, yesterday))
    held()
    assert not path.exists()


def test_locks_that_the_disk_does_not_know(tmp_path, held, monkeypatch):
    class NoLocks:
        LOCK_SH = LOCK_EX = LOCK_NB = LOCK_UN = 0

        def flock(*_):
            raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(files, "fcntl", NoLocks)
    (tmp_path / LEFT_OVER).write_text("x")
    held().close()
    assert (tmp_path / LEFT_OVER).exists()
