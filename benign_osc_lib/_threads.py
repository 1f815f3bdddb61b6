"""Work in threads, for tasks that let other threads run: compiled loops, and torch as it draws."""

from concurrent.futures import ThreadPoolExecutor

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
