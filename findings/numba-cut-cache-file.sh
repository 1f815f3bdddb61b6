#!/usr/bin/env bash
# Numba: a cache file that was cut off (full disk, lost power) stops every later call.
#
# Expected: a cache that cannot be read is as good as none: compile again, perhaps with a warning.
# Seen: EOFError or UnpicklingError out of the call of a valid function, in every process, with no
#   word of the file or of a cache, until somebody finds the file and deletes it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: numba==0.68.1 numpy==2.4.6
cd "$work"
export NUMBA_CACHE_DIR="$work/cache"

cat > double.py <<'PY'
from numba import njit


@njit(cache=True)
def double(x):
    return 2 * x


try:
    print(double(21))
except Exception as error:
    print(f"{type(error).__name__}: {error}")
PY

{
    for ending in nbi nbc; do # the index, the compiled code
        for length in 0 20; do
            rm -rf cache
            venv/bin/python double.py
            file=$(find cache -name "*.$ending")
            head -c "$length" "$file" > part && mv part "$file"
            echo "$ending cut to $length bytes:"
            venv/bin/python double.py
            venv/bin/python double.py
        done
    done
    rm "$file"
    echo "deleted:"
    venv/bin/python double.py
} 2>&1 | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
42
nbi cut to 0 bytes:
EOFError: Ran out of input
EOFError: Ran out of input
42
nbi cut to 20 bytes:
UnpicklingError: pickle data was truncated
UnpicklingError: pickle data was truncated
42
nbc cut to 0 bytes:
EOFError: Ran out of input
EOFError: Ran out of input
42
nbc cut to 20 bytes:
UnpicklingError: pickle data was truncated
UnpicklingError: pickle data was truncated
deleted:
42
SEEN
