"""Residual networks for small images, with pre-activation blocks and BatchNorm.

The set-up is that of Andriushchenko et al. (2023), which the paper follows: a 3 × 3 convolution
first and no pooling after it, blocks of BatchNorm, ReLU, convolution (He et al., 2016), the mean
over the image, one linear layer. Convolutions have no bias and start as He et al. (2015) have it,
with variance 2/(outputs × 9); linear layers as torch has it, without a bias at the start.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from .. import _checks

ARCHITECTURES = {"resnet18": (64, (2, 2, 2, 2)), "resnet-narrow": (8, (1, 1, 1))}
"""Name -> (channels of the first stage, blocks of each stage); each stage doubles the channels."""


class Block(nn.Module):
    """x + the answer of BatchNorm, ReLU, convolution, twice (He et al., 2016).

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        stride: of the first convolution.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.skip = None
        if stride != 1 or inputs != outputs:
            self.skip = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        """(n, inputs, a, b) -> (n, outputs, a / stride, b / stride)."""
        active = F.relu(self.norm1(x))
        beside = x if self.skip is None else self.skip(active)
        return self.conv2(F.relu(self.norm2(self.conv1(active)))) + beside


class ResNet(nn.Module):
    """A residual network with pre-activation blocks.

    Args:
        channels: of the images.
        classes: number of outputs.
        width: channels of the first stage; each stage doubles them.
        blocks: number of blocks of each stage; from the second on a stage halves the image.
    """

    def __init__(self, channels, classes, width, blocks):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        stages, inputs = [], width
        for stage, count in enumerate(blocks):
            outputs = width * 2**stage
            for k in range(count):
                stages.append(Block(inputs, outputs, 2 if stage and not k else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(inputs)
        self.answer = nn.Linear(inputs, classes)

    def forward(self, x):
        """(n, channels, side, side) -> (n, classes), the logits."""
        x = F.relu(self.norm(self.blocks(self.stem(x))))
        return self.answer(x.mean((-2, -1)))


def build_network(arch, channels=1, classes=10, *, width=None, generator=None, dtype=torch.float32):
    """A network with the weights of its start (chapter 16).

    Args:
        arch: "resnet18" or "resnet-narrow", see ``ARCHITECTURES``.
        channels: of the images, >= 1.
        classes: number of outputs, >= 2.
        width: channels of the first stage, if not those of ``ARCHITECTURES``; >= 1.
        generator: where the weights come from, a ``torch.Generator`` on the CPU; None is torch's
            default one.
        dtype: of the weights. They are drawn in float64: a seed means the same start in each dtype.

    Returns:
        A :class:`ResNet` on the CPU.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: there is no such architecture, or a number is outside its range.
    """
    _checks.one_of("arch", arch, tuple(ARCHITECTURES))
    _checks.floating_dtype(dtype)
    channels = _checks.integer("channels", channels, low=1)
    classes = _checks.integer("classes", classes, low=2)
    usual, blocks = ARCHITECTURES[arch]
    width = usual if width is None else _checks.integer("width", width, low=1)
    _checks.cpu_generators(generator)
    with torch.random.fork_rng(devices=[]):  # torch draws as it builds; the draws are not used
        network = ResNet(channels, classes, width, blocks)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                size = layer.out_channels * math.prod(layer.kernel_size)
                draw = torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64)
                layer.weight.copy_(draw * math.sqrt(2 / size))
            elif isinstance(layer, nn.Linear):
                draw = torch.rand(layer.weight.shape, generator=generator, dtype=torch.float64)
                layer.weight.copy_((2 * draw - 1) / math.sqrt(layer.in_features))
                layer.bias.zero_()
    return network.to(dtype)
