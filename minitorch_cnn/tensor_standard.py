"""What the array API standard asks of an array object beyond operators and indexing.

A class that is mixed into Tensor: its namespace and its device.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from minitorch_cnn.backend import backend_of_device
from minitorch_cnn.ops.shape import to_backend

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
"""Versions of the standard that the namespace follows: each contains the earlier ones."""


class StandardArray:
    """``__array_namespace__``, ``device`` and ``to_device``."""

    __slots__ = ()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """``minitorch_cnn.array_api``: the functions of the package, as the standard has them."""
        if api_version is not None and api_version not in VERSIONS:
            raise ValueError(
                f"__array_namespace__: api_version {api_version!r}; offered are "
                f"{', '.join(VERSIONS)}"
            )
        return import_module("minitorch_cnn.array_api")

    @property
    def device(self: Any) -> Any:
        """The array library's device object (array API), such as ``"cpu"``."""
        return self._data.device

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """This tensor on another device, as ``x.device`` gives it; itself if it is there.

        A device belongs to a backend: ``x.to_device(y.device)`` brings ``x`` to where ``y`` lives,
        as ``x.to(y.backend)`` does. Differentiable.

        Raises
        ------
        ValueError
            If no loaded backend has this device, or for a ``stream``.

        >>> import minitorch_cnn as mt
        >>> mt.ones(2).to_device("cpu")
        tensor([1., 1.])
        """
        if stream is not None:
            raise ValueError("to_device: streams are not supported; leave stream out")
        return to_backend(self, backend_of_device(device))
