"""Numba's target for CUDA, if it is there, and a launch of the kernel on torch's stream."""

import importlib
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
    try:
        from numba import cuda

        why = None if cuda.is_available() else "Numba finds no device or no CUDA toolkit"
        _load()
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


def _load():
    """Import what Numba imports when it first compiles for CUDA.

    numba-cuda 0.30.4 asks there for ``numpy.row_stack``, which NumPy 2.5 has dropped; it lends it.
    """
    lent = not hasattr(np, "row_stack")
    if lent:
        np.row_stack = np.vstack
    try:
        importlib.import_module("numba.cuda.cudaimpl")
    finally:
        if lent:
            del np.row_stack


def threads_of_block(device):
    """Threads of a block."""
    return SIMULATED_WARP if device.type == "cpu" else WARP


@cache
def most_shared_memory(device):
    """Bytes of shared memory that a block may have after asking, seen by trying it once."""
    if device.type == "cpu":
        return SHARED
    most = getattr(torch.cuda.get_device_properties(device), "shared_memory_per_block_optin", 0)
    try:
        from numba import cuda, float64

        @cuda.jit
        def echo(number):
            s = cuda.shared.array(0, float64)
            s[0] = number[0]
            number[0] = s[0] + s[0]

        given = torch.ones(1, dtype=torch.float64, device=device)
        _start(echo, 1, 1, max(most, SHARED), device, (given,))
        return most if float(given) == 2 else SHARED
    except Exception:  # some release of Numba that has no such call
        return SHARED


def _start(kernel, blocks, threads, size, device, arguments):
    """Launch a kernel on torch's current stream, and wait for its end."""
    if device.type == "cpu":  # the simulator
        arguments = [a.numpy() if isinstance(a, torch.Tensor) else a for a in arguments]
        kernel[blocks, threads, 0, size](*arguments)
        return
    from numba import cuda

    with torch.cuda.device(device), cuda.gpus[torch.cuda.current_device()]:
        stream = torch.cuda.current_stream()
        arguments = [cuda.as_cuda_array(a) if isinstance(a, torch.Tensor) else a for a in arguments]
        if size > SHARED:
            kernel = kernel.specialize(*arguments)
            _ask(next(iter(kernel.overloads.values())), size)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Grid size")  # few runs are few blocks
            handle = stream.cuda_stream  # 0 is the default stream of both
            there = cuda.external_stream(handle) if handle else 0
            launch = kernel[blocks, threads, there, size]
        launch(*arguments)
        stream.synchronize()


def _ask(compiled, size):
    """Ask for more shared memory than :data:`SHARED` for a compiled kernel."""
    from numba.cuda.cudadrv.driver import binding, driver

    function = compiled._codelibrary.get_cufunc()
    what = binding.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    driver.cuKernelSetAttribute(what, size, function.handle, function.device.id)


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

        self.size = numbers_of_run(count, n, plan.patches, plan.width, plan.threads, itemsize)
        self.kernel = kernel(itemsize == 8, plan.patches, plan.own, plan.threads, plan.warp)
        self.blocks, self.threads, self.bytes = -(-runs // plan.runs), plan.warp, plan.bytes
        self.device = device

    def __call__(self, *arguments):
        """Launch it, and wait for its end."""
        shape = self.blocks, self.threads, self.bytes
        _start(self.kernel, *shape, self.device, (self.size, *arguments))
