"""Adam in NumPy, for frameworks that have no optimisers; imports nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np


class Adam:
    """One parameter's state.

    Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015.
    """

    def __init__(self, like: np.ndarray[Any, Any]) -> None:
        self.mean, self.square, self.steps = np.zeros_like(like), np.zeros_like(like), 0

    def step(self, g: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """What is to be taken off the parameter."""
        self.steps += 1
        self.mean += 0.1 * (g - self.mean)
        self.square += 0.001 * (g * g - self.square)
        size = 1e-3 / (1 - 0.9**self.steps)
        return size * self.mean / (np.sqrt(self.square / (1 - 0.999**self.steps)) + 1e-8)
