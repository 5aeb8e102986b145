"""What PyTorch does faster than plain array code: same names and arguments as the portable kernels.

Each is optional. Without it the portable one runs, slower, on the same tensors.
"""

import torch
from torch.nn import functional

CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


def conv(x, w, *, stride, padding, dilation, groups):
    """Cross-correlate ``x (N, C, *spatial)`` with ``w (O, C/groups, *kernel)``."""
    # PyTorch pads both sides alike and names the last axis first; the padding here is in pairs.
    widths = [width for pair in reversed(padding) for width in pair]
    padded = functional.pad(x, widths)
    return CONVOLUTIONS[len(stride)](padded, w, None, stride, 0, dilation, groups)


def softmax(x, *, axis):
    """``exp(x) / sum(exp(x))`` along ``axis``."""
    return torch.softmax(x, axis)


KERNELS = {"conv": conv, "softmax": softmax, "erf": torch.erf}
