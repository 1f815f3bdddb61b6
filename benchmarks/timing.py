"""How a call is timed: again and again, with so many threads, in turns with the others."""

import time

import torch

from benchmarks.machine import cores


def seconds(call, at_least=0.0, clock=time.perf_counter):
    """The times of a call, made at least once and again until their sum is reached."""
    time.sleep(0.02)  # the threads of the one before stop spinning
    found = []
    while not found or sum(found) < at_least:
        start = clock()
        call()
        found.append(clock() - start)
    return found


def timed(call, threads, at_least=0.0):
    """The times of a call with so many threads of torch."""
    torch.set_num_threads(threads)
    found = seconds(call, at_least)
    torch.set_num_threads(1)
    return found


def in_turns(cases, rounds):
    """All cases, round after round, in alternating order: whoever is slowed down, all are."""
    for turn in range(rounds):
        yield from list(cases)[:: 1 if turn % 2 == 0 else -1]


def thread_counts(peer, plan):
    """How many threads to try: all cores; and one, where small operations may gain nothing."""
    if not peer.waits:
        return [cores()]
    return sorted({1, cores()}) if plan.try_threads else [1]
