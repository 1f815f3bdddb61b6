"""Settings of every test run, set before anything imports torch."""

import os

# The tests run in two processes, and each would start a thread per core. Threads that wait for
# each other on busy cores slow small tensor operations thirtyfold. Kernels of nbval inherit this.
os.environ.setdefault("OMP_NUM_THREADS", "1")
