#!/usr/bin/env bash
# Numba: a function compiled without flags takes error_model from whoever compiles it first.
#
# Expected: `ratio`, decorated with a plain @njit, divides as Python does (the documented default):
#   1 / 0 raises ZeroDivisionError, whoever calls it and in whatever order.
# Seen: called first from a function with error_model="numpy", it returns inf ever after, also to
#   callers that asked for nothing; called first by itself, it raises even inside that function. With
#   cache=True the file on the disk carries the flags of the first caller into later processes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: numba==0.68.1 numpy==2.4.6
cd "$work"
export NUMBA_CACHE_DIR="$work/cache"

cat > plain.py <<'PY'
import sys

from numba import njit


@njit
def ratio(a, b):
    return a / b


@njit(error_model="numpy")
def lenient(a, b):
    return ratio(a, b)


@njit
def strict(a, b):
    return ratio(a, b)


def seen(function):
    try:
        return function(1.0, 0.0)
    except ZeroDivisionError:
        return "ZeroDivisionError"


print(", ".join(f"{name}: {seen(globals()[name])}" for name in sys.argv[1:]))
PY
sed 's/^@njit$/@njit(cache=True)/; s/"numpy")/"numpy", cache=True)/' plain.py > cached.py

{
    venv/bin/python plain.py ratio strict lenient
    venv/bin/python plain.py lenient ratio strict
    venv/bin/python cached.py lenient
    venv/bin/python cached.py ratio strict # a new process
} 2>&1 | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
ratio: ZeroDivisionError, strict: ZeroDivisionError, lenient: ZeroDivisionError
lenient: inf, ratio: inf, strict: inf
lenient: inf
ratio: inf, strict: inf
SEEN
