"""Batches sent to a device one ahead, so that copying and computing go on at the same time.

Imports the making of Tensors and ``collate``. What is in a batch belongs to the loader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minitorch_backends.protocol import Uploading
from minitorch_cnn.backend import backend_of
from minitorch_cnn.creation import asarray
from minitorch_cnn.data.collate import map_tree
from minitorch_cnn.tensor import Tensor

ON_ITS_WAY: Any = object()
"""Stands in a batch for an array that has been sent."""


def is_data(leaf: Any) -> bool:
    """Whether it is an array of numbers, of which a batch's Tensor is made."""
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biuf"


def one_ahead(batches: Iterable[Any], home: Uploading, *, move_tensors: bool) -> Iterator[Any]:
    """Each batch, on the device, when the next is already being copied there.

    ``move_tensors``: bring Tensors of other backends there too.
    """
    arrived = None
    for batch in batches:
        following = _send(batch, home, move_tensors)
        if arrived is not None:
            yield arrived()
        arrived = following
    if arrived is not None:
        yield arrived()


def _send(batch: Any, home: Uploading, move_tensors: bool) -> Callable[[], Any]:
    """Begin to copy a batch; what is returned gives it."""
    hosts: list[Any] = []

    def sent(leaf: Any) -> Any:
        if is_data(leaf) or (move_tensors and _is_on_host(leaf)):
            hosts.append(asarray(leaf, backend="numpy").data)
            return ON_ITS_WAY
        return leaf.to(home) if move_tensors and isinstance(leaf, Tensor) else leaf

    tree = map_tree(sent, batch)
    upload = home.upload(hosts)

    def arrived() -> Any:
        arrays = iter(upload.arrive())
        return map_tree(lambda one: asarray(next(arrays)) if one is ON_ITS_WAY else one, tree)

    return arrived


def _is_on_host(leaf: Any) -> bool:
    """Whether it is a Tensor around a NumPy array, and no gradient is wanted of it."""
    return (
        isinstance(leaf, Tensor)
        and not leaf.requires_grad
        and backend_of(leaf.data).name == "numpy"
    )
