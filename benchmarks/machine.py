"""Where the benchmark ran: processor, cores, system and packages. Imports no package itself."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""


def cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine():
    """Processor, cores, system, and how busy it is."""
    system = f"{platform.system()} {platform.machine()}"
    return {"cpu": processor(), "cores": cores(), "system": system, "load": load()}


def processor():
    """Its name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load():
    """How many processes wanted a core in the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def versions():
    """Of Python and of the packages that are timed; None for what is not installed."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "numba", "jax"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
