"""minitorch_cnn as a `Framework`: what the tests run the cases with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import nn, optim

from .case import Array


class MinitorchCnn:
    nn = nn
    functional = nn.functional
    optim = optim
    func = mt.func

    def tensor(self, array: Array, requires_grad: bool = False) -> Any:
        return mt.tensor(array, requires_grad=requires_grad)

    def numpy(self, tensor: Any) -> Array:
        return np.array(tensor.detach().numpy())

    def float64(self, module: Any) -> Any:
        return module.to("float64")

    def concat(self, tensors: Sequence[Any], axis: int) -> Any:
        return mt.concat(tensors, axis)
