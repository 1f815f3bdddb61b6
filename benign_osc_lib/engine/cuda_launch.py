"""Numba's target for CUDA, if it is there, and a launch of the kernel on torch's stream."""

import warnings
from functools import cache

import numpy as np
import torch

from .cuda_layout import WARP, numbers_of_run

SHARED = 48 * 1024
"""Bytes of shared memory that a block has on every device, without asking for more."""

SIMULATED_WARP = 4
"""Threads of a block in the simulator, where each is a thread of Python."""


def simulated():
    """Whether Numba's simulator stands for a device."""
    import numba

    return bool(numba.config.ENABLE_CUDASIM)


def can_launch(device):
    """Whether the kernel can run on a device of torch; with a warning, once, where a GPU cannot."""
    if device.type == "cpu":
        return simulated()
    return device.type == "cuda" and not simulated() and _missing() is None


@cache
def _missing():
    """What keeps Numba from the GPU, after a warning, or None."""
    if not hasattr(np, "row_stack"):
        # numba-cuda 0.30.4 asks for this name when it compiles; NumPy 2.5 has dropped it.
        np.row_stack = np.vstack
    try:
        from numba import cuda

        why = None if cuda.is_available() else "Numba finds no device or no CUDA toolkit"
    except Exception as error:  # an incomplete installation raises anything
        why = repr(error)
    if why is not None:
        warnings.warn(
            f"GPU runs are trained by the slower engine, for the kernel cannot be compiled: {why}. "
            'It needs numba-cuda: pip install "numba-cuda[cu13]", or [cu12] for CUDA 12',
            RuntimeWarning,
            stacklevel=2,
        )
    return why


def shared_memory(device):
    """Bytes of shared memory that a block may have, and how many threads it has."""
    return SHARED, SIMULATED_WARP if device.type == "cpu" else WARP


class Launch:
    """The kernel for some runs, ready to be launched.

    Args:
        plan: a Layout.
        count: directions of a run.
        n: points.
        itemsize: bytes of a number.
        runs: how many.
        device: where the arrays are.
    """

    def __init__(self, plan, count, n, itemsize, runs, device):
        from .cuda_kernel import kernel

        numbers = numbers_of_run(count, n, plan.patches, plan.width, plan.threads, itemsize)
        self.kernel = kernel(
            itemsize == 8, plan.patches, plan.own, plan.threads, plan.warp, numbers
        )
        self.blocks = -(-runs // plan.runs)
        self.plan, self.device = plan, device

    def __call__(self, numbers, tensors):
        """Launch it on the current stream, and wait for its end."""
        from numba import cuda

        plan = self.plan
        if self.device.type == "cpu":  # the simulator
            arrays = [tensor.numpy() for tensor in tensors]
            self.kernel[self.blocks, plan.warp, 0, plan.bytes](*numbers, *arrays)
            return
        with torch.cuda.device(self.device), cuda.gpus[torch.cuda.current_device()]:
            stream = torch.cuda.current_stream()
            arrays = [cuda.as_cuda_array(tensor) for tensor in tensors]
            there = cuda.external_stream(stream.cuda_stream)
            self.kernel[self.blocks, plan.warp, there, plan.bytes](*numbers, *arrays)
            stream.synchronize()
