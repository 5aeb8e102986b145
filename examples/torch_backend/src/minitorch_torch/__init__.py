"""PyTorch's CPU tensors as a backend of minitorch_cnn.

PyTorch computes; its own gradients are not used. array-api-compat gives its functions the names of
the array-API standard. Imports nothing of minitorch_cnn.
"""

import array_api_compat.torch as xp
import numpy as np
import torch

from minitorch_torch.kernels import KERNELS


class TorchBackend:
    """Follows ``minitorch_backends.protocol.Backend``."""

    name = "torch"
    array_types = (torch.Tensor,)
    xp = xp
    kernels = KERNELS

    def asarray(self, array, *, copy):
        if isinstance(array, torch.Tensor):
            return array.clone() if copy else array
        # PyTorch knows no negative strides, and warns of arrays that must not be written to.
        host = np.asarray(array)
        may_share = not copy and host.flags.c_contiguous and host.flags.writeable
        return torch.from_numpy(host if may_share else host.copy(order="C"))

    def to_numpy(self, array):
        return array.numpy()

    def seal(self, array):
        return array  # operators give tensors, never scalars; a tensor has no flag against writing

    def synchronize(self):
        pass  # on the CPU everything is done when a call returns


def backend():
    """Make the backend; ``pyproject.toml`` announces this function."""
    return TorchBackend()
