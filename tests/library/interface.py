"""The public interface: what the page on the library (``chapters/api.md``) lists."""

import importlib
import inspect
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "chapters" / "api.md"
MODULES = re.findall(r"automodule:: benign_osc_lib\.(\S+)", PAGE.read_text(encoding="utf-8"))


def at_home():
    """(``module.name``, what it is) of everything that a public module defines itself."""
    for module in MODULES:
        full = f"benign_osc_lib.{module}"
        for name, thing in vars(importlib.import_module(full)).items():
            home = getattr(thing, "__module__", None) if callable(thing) else full
            if not name.startswith("_") and f"{home}.".startswith(f"{full}."):
                yield f"{module}.{name}", thing


def public_callables():
    """Functions, classes and ``module.Class.method`` of all public modules."""
    for path, thing in at_home():
        if callable(thing):
            yield path, thing
        if inspect.isclass(thing):
            for method in vars(thing):
                if inspect.isroutine(getattr(thing, method)) and not method.startswith("_"):
                    yield f"{path}.{method}", getattr(thing, method)


def public_constants():
    """What is written in capitals; a module also shows those that it imports."""
    return ((path, thing) for path, thing in at_home() if path.rpartition(".")[2].isupper())


CALLABLES = dict(public_callables())
CONSTANTS = dict(public_constants())
