#!/usr/bin/env bash
# Dask: Client.get_executor() computes equal calls once, so random draws repeat.
#
# Expected: an executor runs every call that is submitted, so ten draws differ. Its docstring says
#   "fully compatible with the concurrent.futures API".
# Seen: its functions count as pure by default, so ten submissions of one function with the same
#   arguments are one task, and all ten futures hold the same "random" number. pure=False helps.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: dask==2026.8.0 distributed==2026.8.0
cd "$work"

cat > draws.py <<'PY'
import random
from concurrent.futures import ThreadPoolExecutor

from distributed import Client


def draw(low, high):
    return random.uniform(low, high)


def different(executor):
    futures = [executor.submit(draw, 0, 1) for _ in range(10)]
    return len({future.result() for future in futures})


with ThreadPoolExecutor(2) as pool:
    print("threads:", different(pool), "of 10 draws differ")
with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
    print("Dask:", different(client.get_executor()), "of 10 draws differ")
    print("Dask, pure=False:", different(client.get_executor(pure=False)), "of 10 draws differ")
PY

venv/bin/python draws.py | tee seen.txt

diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
threads: 10 of 10 draws differ
Dask: 1 of 10 draws differ
Dask, pure=False: 10 of 10 draws differ
SEEN
