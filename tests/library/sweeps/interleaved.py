"""Calls in several threads whose steps are taken in turn, in every possible order.

What comes out does not depend on how busy the machine is.
"""

from threading import Semaphore, Thread, get_ident

_players = {}


class _Player(Thread):
    """A call that stops at every gate until it is its turn."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.outcome, self.ended = call, None, False
        self.turn, self.stopped = Semaphore(0), Semaphore(0)
        self.start()

    def run(self):
        self.turn.acquire()
        _players[get_ident()] = self
        try:
            self.outcome = self.call()
        except Exception as error:
            self.outcome = error
        del _players[get_ident()]
        self.ended = True
        self.stopped.release()

    def step(self):
        """Let it go on to its next gate, or to its end."""
        self.turn.release()
        assert self.stopped.acquire(timeout=60), "a call waits for another one"

    def stop(self):
        """Wait for the next turn; called by the player itself."""
        self.stopped.release()
        self.turn.acquire()


def gate():
    """The end of a step, if the call that comes here is one that is played."""
    if player := _players.get(get_ident()):
        player.stop()


def gated(function, applies=lambda *_: True):
    """The function with a gate before it, for the arguments to which that applies."""

    def wrapped(*arguments, **options):
        if applies(*arguments):
            gate()
        return function(*arguments, **options)

    return wrapped


def orders(calls, switches):
    """Yield the outcomes, results or errors, of the calls in each order of their steps.

    Args:
        calls: a function that makes the calls anew for each order.
        switches: how often a call may have to wait although it could go on.
    """
    first = []  # the choices with which the next order begins
    while True:
        players, taken, spent, now = [_Player(call) for call in calls()], [], 0, None
        while waiting := [player for player in players if not player.ended]:
            if now in waiting:
                others = [player for player in waiting if player is not now]
                waiting = [now, *others] if spent < switches else [now]
            choice = first[len(taken)] if len(taken) < len(first) else 0
            taken.append((choice, len(waiting)))
            spent += now in waiting and choice > 0
            now = waiting[choice]
            now.step()
        yield [player.outcome for player in players]
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        *before, (last, _) = taken
        first = [*(choice for choice, _ in before), last + 1]
