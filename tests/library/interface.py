"""The public interface: what the page on the library (``chapters/api.md``) lists."""

import importlib
import inspect
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "chapters" / "api.md"
LISTED = r"automodule:: benign_osc_lib\.(\S+)\n +:members:"  # the others show their text alone
MODULES = re.findall(LISTED, PAGE.read_text(encoding="utf-8"))


def shown(module):
    """The names that a public module offers: ``__all__``, or what it defines itself."""
    things = vars(importlib.import_module(module))
    if "__all__" in things:
        return {name: things[name] for name in things["__all__"]}

    def at_home(thing):
        home = getattr(thing, "__module__", None) if callable(thing) else module
        return f"{home}.".startswith(f"{module}.")

    return {k: thing for k, thing in things.items() if not k.startswith("_") and at_home(thing)}


def public():
    """(``module.name``, what it is), each thing under the first of its names."""
    known = set()
    for module in MODULES:
        for name, thing in shown(f"benign_osc_lib.{module}").items():
            if not callable(thing) or id(thing) not in known:
                known.add(id(thing))
                yield f"{module}.{name}", thing


def public_callables():
    """Functions, classes and ``module.Class.method`` of all public modules."""
    for path, thing in public():
        if callable(thing):
            yield path, thing
        if inspect.isclass(thing):
            for method in vars(thing):
                if inspect.isroutine(getattr(thing, method)) and not method.startswith("_"):
                    yield f"{path}.{method}", getattr(thing, method)


def public_constants():
    """What is written in capitals; a module also shows those that it imports."""
    return ((path, thing) for path, thing in public() if path.rpartition(".")[2].isupper())


CALLABLES = dict(public_callables())
CONSTANTS = dict(public_constants())
