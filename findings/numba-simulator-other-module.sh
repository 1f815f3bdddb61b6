#!/usr/bin/env bash
# Numba's CUDA simulator: a device function that stands in another module than its kernel fails now and then.
#
# Expected: a kernel that calls a device function gives the same in the simulator, wherever the function stands.
# Seen: with Numba 0.68.1, launches of 16 threads fail at random with an AttributeError: while a thread is in a
#   function, the simulator replaces the name `cuda` of that function's module, and a thread that leaves it puts the
#   true module back under the feet of the others. With the function in the kernel's own module none fails.
#   So all that names `cuda` in this book's kernel stands in one file. Switching threads often makes it frequent.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: numba==0.68.1 numpy==2.4.6
cd "$work"

cat > device.py <<'PY'
from numba import cuda


@cuda.jit(device=True)
def lane():
    for _ in range(200):
        t = cuda.threadIdx.x
    return t
PY
{
    cat device.py
    cat <<'PY'


import sys

import numpy as np
import device


def failures(function):
    @cuda.jit
    def kernel(out):
        out[cuda.threadIdx.x] = function()

    failed = 0
    for _ in range(100):
        try:
            out = np.full(16, -1)
            kernel[1, 16](out)
            assert (out == np.arange(16)).all()
        except Exception as error:
            assert "AttributeError" in repr(error) or "has no attribute" in str(error), error
            failed += 1
    return failed


sys.setswitchinterval(1e-6)
here, there = failures(lane), failures(device.lane)
print("function in the kernel's module:", "no launch fails" if here == 0 else "launches fail")
print("function in another module:", "no launch fails" if there == 0 else "launches fail")
PY
} > kernel.py

NUMBA_ENABLE_CUDASIM=1 venv/bin/python kernel.py 2> errors.txt | tee seen.txt
diff seen.txt - <<'SEEN' || { tail -3 errors.txt; echo "the behaviour has changed"; exit 1; }
function in the kernel's module: no launch fails
function in another module: launches fail
SEEN
