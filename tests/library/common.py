"""What several tests of the library need."""

import importlib
import inspect
import pkgutil

import torch

import benign_osc_lib
from benign_osc_lib import FeatureNoiseModel, init_weights

FALSE_ALARM = 1e-6
"""The probability with which a statistical test may fail although nothing is wrong."""

MODEL = FeatureNoiseModel(d=8, u_norm=2.0, v_norm=0.4, noise_norm=0.8, rho=0.25)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def problem(n=4, m=8, model=MODEL, scale=0.1, seed=0, **kind):
    """Data and initial weights from one stream."""
    stream = seeded(seed)
    data = model.sample(n, generator=stream, **kind)
    return data, init_weights(m, model.d, scale, generator=stream, **kind)


def normal(seed, *shape):
    """Standard Gaussian entries, float64."""
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def assert_close(now, expected, tolerance=1e-12):
    torch.testing.assert_close(now, torch.as_tensor(expected), rtol=tolerance, atol=tolerance)


def public():
    """The functions and classes of all modules without a leading _, each once, with its name."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(benign_osc_lib.__path__, "benign_osc_lib.")
        if not module.name.rpartition(".")[2].startswith("_")
    ]
    return [
        (name, value)
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    ]
