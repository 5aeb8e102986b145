"""The Tensor: an array with its history.

Here is what only a tensor has: its facts, its gradient, its ways out and its Python protocols;
operators and array methods are mixed in from the two files beside. May import everything below
``nn``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import numpy as np

from minitorch_cnn import engine
from minitorch_cnn.backend import backend_of, canonical_dtype, destination
from minitorch_cnn.creation import raw_array
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.graph import NEXT_NUMBER, RETAIN, Boxed, HookHandle, Leaf, box
from minitorch_cnn.ops import shape
from minitorch_cnn.ops.arguments import is_floating
from minitorch_cnn.ops.arrange import unstack
from minitorch_cnn.replay import note_change
from minitorch_cnn.tensor_copies import Copies
from minitorch_cnn.tensor_exchange import Exchange
from minitorch_cnn.tensor_methods import ArrayMethods
from minitorch_cnn.tensor_operators import Operators
from minitorch_cnn.tensor_standard import StandardArray
from minitorch_cnn.tensor_text import tensor_html, tensor_text

ELSEWHERE = {
    **{"numel": "x.size", "dim": "x.ndim", "t": "x.T", "eq": "x == y", "norm": "mt.vector_norm(x)"},
    **{"add": "x + y", "sub": "x - y", "mul": "x * y", "div": "x / y", "mm": "x @ y"},
    **{"cpu": 'x.to("numpy")', "cuda": 'x.to("cupy")', "type": "x.to(dtype)"},
    **{"expand": "x.broadcast_to(shape)", "masked_fill": "mt.where(mask, value, x)"},
    **{"cumsum": "x.cumulative_sum(axis)", "gather": "mt.take_along_axis(x, indices, axis)"},
    **{"contiguous": "x itself: layout does not matter here", "clamp": "x.clip(min, max)"},
    **{"softmax": "mt.nn.functional.softmax(x, dim)", "topk": "mt.sort(x, descending=True)"},
}
"""What users of PyTorch look for on a tensor, and where it is here."""


class Tensor(Operators, ArrayMethods, StandardArray, Exchange, Copies, Boxed):
    """An n-dimensional array that remembers how it was computed.

    Make one with :func:`minitorch_cnn.tensor`. Tensors are values: they are never changed in
    place (``x += 1`` makes a new tensor and binds the name to it), so a recorded graph can rely on
    what it kept. Parameters are overwritten as a whole, by :meth:`assign_`.

    Parameters
    ----------
    data : array_like
        As for :func:`minitorch_cnn.tensor`.
    dtype, backend, requires_grad
        As for :func:`minitorch_cnn.tensor`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> x = mt.Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that ndarray + Tensor is left to Tensor

    def __init__(
        self,
        data: Any,
        *,
        dtype: Any = None,
        backend: Any = None,
        requires_grad: bool = False,
    ) -> None:
        self._data = raw_array(data, dtype=dtype, backend=backend, copy=True)
        self._node = None
        self._grad = None
        if requires_grad:
            self.requires_grad_()

    # --- what it is -----------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The raw array, of the backend's own type. Do not write to it; NumPy's is read-only."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        raise TypeError(
            "Tensor.data cannot be bound anew: a graph may rely on it. Overwrite a parameter with "
            "p.assign_(array), or make a new tensor with mt.tensor(array)"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along every axis."""
        return tuple(self._data.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self._data.ndim)

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self._data.shape)  # PyTorch's arrays have a method of the name

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, the same object on every backend, such as ``mt.float32``."""
        return canonical_dtype(self._data.dtype)

    @property
    def backend(self) -> str:
        """Name of the backend the array lives in."""
        return backend_of(self._data).name

    @property
    def nbytes(self) -> int:
        """Bytes of the entries."""
        return self.size * self.dtype.itemsize

    @property
    def T(self) -> Tensor:
        """A matrix, transposed."""
        if self.ndim != 2:
            raise ValueError(
                f"T is for 2 dimensions, this tensor has {self.ndim}; use .mT for stacks of "
                "matrices or mt.permute_dims"
            )
        return self.mT

    @property
    def mT(self) -> Tensor:
        """The last two axes swapped."""
        return shape.matrix_transpose(self)  # type: ignore[no-any-return]

    # --- gradient -------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded. Can be set on leaves."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for this leaf's gradient, or no longer; returns the tensor itself."""
        if requires_grad and self._node is None:
            if not is_floating(self._data.dtype):
                raise TypeError(
                    f"requires_grad: only floating-point tensors have gradients, this one is "
                    f"{self.dtype}; convert it with .to(mt.float32) first"
                )
            self._node = Leaf(self, tuple(self._data.shape), self._data.dtype)
        elif not requires_grad and self._node is not None:
            if not self.is_leaf:
                raise ValueError(
                    "requires_grad=False on a computed tensor; use .detach() for a tensor without "
                    "history"
                )
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not computed from tensors that need gradients."""
        return self._node is None or isinstance(self._node, Leaf)

    @property
    def grad(self) -> Tensor | None:
        """The gradient summed up by :meth:`backward` so far, of this tensor's shape and dtype."""
        return self._grad  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"grad: expected a Tensor or None, got a {type(value).__name__}; make it with "
                    "mt.tensor(...)"
                )
            if value.backend != self.backend:
                raise TypeError(
                    f"grad: a tensor on {value.backend!r} for one on {self.backend!r}; bring it "
                    f"there with .to({self.backend!r})"
                )
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    f"grad: shape {value.shape}, {value.dtype} for a tensor of shape {self.shape}, "
                    f"{self.dtype}; they must be equal"
                )
        self._grad = value

    def backward(
        self,
        gradient: Tensor | None = None,
        *,
        create_graph: bool = False,
        retain_graph: bool | None = None,
    ) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf it was computed from.

        Parameters
        ----------
        gradient : Tensor, optional
            Gradient at this tensor, of its shape; may be left out for one element (then 1).
        create_graph : bool
            Record the gradients, so that they can be differentiated again.
        retain_graph : bool, optional
            Keep what the graph holds for another pass; ``create_graph`` by default.

        Raises
        ------
        GraphError
            If nothing was recorded, the graph was freed by an earlier pass, or a parameter it
            needs was overwritten. No ``.grad`` is changed then.
        ValueError, TypeError
            If ``gradient`` is missing or does not fit.

        >>> import minitorch_cnn as mt
        >>> x = mt.tensor([1.0, 2.0], requires_grad=True)
        >>> (x**2).backward(mt.tensor([1.0, 10.0]))
        >>> x.grad
        tensor([ 2., 40.])
        """
        engine.backward(self, gradient, create_graph=create_graph, retain_graph=retain_graph)

    def detach(self) -> Tensor:
        """The same array without history; gradients do not flow through it."""
        return box(self._data, None)  # type: ignore[no-any-return]

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call ``hook(gradient)`` when this tensor's gradient is computed; it may return another.

        Returns
        -------
        HookHandle
            Its ``remove()`` takes the hook off.

        Raises
        ------
        ValueError
            If this tensor needs no gradient.

        >>> import minitorch_cnn as mt
        >>> x = mt.tensor(3.0, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> (2 * x).backward()
        >>> x.grad
        tensor(20.)
        """
        if self._node is None:
            raise ValueError(
                "register_hook: this tensor needs no gradient; make it with requires_grad=True"
            )
        if self._node.hooks is None:
            self._node.hooks = {}
        return HookHandle(self._node.hooks, hook)

    def retain_grad(self) -> None:
        """Keep ``.grad`` of this computed tensor too (leaves keep theirs anyway)."""
        if self.is_leaf and self._node is not None:
            return
        this = ref(self)

        def keep(gradient: Tensor) -> None:
            tensor = this()
            if tensor is not None:
                with no_grad():
                    before = tensor._grad
                    tensor._grad = gradient if before is None else before + gradient

        node = self._node
        if node is None:
            raise ValueError("retain_grad: this tensor needs no gradient")
        node.hooks = {**(node.hooks or {}), RETAIN: keep}

    def assign_(self, value: Any) -> Tensor:
        """Overwrite the entries of a leaf; the one way in which a tensor changes.

        Graphs recorded before, that still need the old entries, raise on ``backward``. Dtype and
        backend stay.

        Parameters
        ----------
        value : array_like or Tensor
            Of this tensor's shape.

        Raises
        ------
        ValueError
            If the shape differs or this tensor was computed.

        >>> import minitorch_cnn as mt
        >>> mt.zeros(2).assign_([1, 2])
        tensor([1., 2.])
        """
        if not self.is_leaf:
            raise ValueError(
                "assign_: this tensor was computed from others; only leaves (parameters, buffers) "
                "can be overwritten"
            )
        own = not isinstance(value, Boxed)  # a tensor's array never changes, and may be shared
        new = raw_array(value, dtype=self.dtype, backend=backend_of(self._data), copy=own)
        if tuple(new.shape) != self.shape:
            raise ValueError(
                f"assign_: entries of shape {tuple(new.shape)} for a tensor of shape {self.shape}; "
                "they must be equal"
            )
        self._rebind(new)
        return self

    def _rebind(self, array: Any) -> None:
        """Put a new sealed raw array of the same shape and dtype in place of the old one."""
        note_change(self, "_data")
        self._data = array
        if isinstance(self._node, Leaf):
            self._node.overwritten = NEXT_NUMBER()

    # --- leaving and moving ---------------------------------------------------------------------

    def numpy(self) -> np.ndarray[Any, Any]:
        """The entries as a read-only NumPy array on the host, sharing memory where possible.

        Raises
        ------
        TypeError
            If the tensor needs a gradient: call ``.detach().numpy()`` to say it is not wanted.
        """
        if self._node is not None:
            raise TypeError(
                "numpy: this tensor needs a gradient, which NumPy would lose; use .detach().numpy()"
            )
        host: np.ndarray[Any, Any] = backend_of(self._data).to_numpy(self._data).view()
        host.setflags(write=False)
        return host

    def item(self) -> float | int | bool:
        """The one entry as a Python number.

        >>> import minitorch_cnn as mt
        >>> mt.tensor([2.5]).item()
        2.5
        """
        if self.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} has {self.size} entries, not 1")
        return backend_of(self._data).to_numpy(self._data).item()  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        """The entries as nested lists of Python numbers."""
        return backend_of(self._data).to_numpy(self._data).tolist()

    def to(self, *targets: Any, device: Any = None, dtype: Any = None) -> Tensor:
        """This tensor in another backend or with another dtype; itself if nothing changes.

        Both are differentiable.

        Parameters
        ----------
        *targets : str, Backend, dtype, device or Tensor
            Such as ``"cupy"``, ``"float64"``, ``mt.float64`` or ``x.device``; a Tensor stands for
            its backend and dtype.
        device, dtype : optional
            The same by keyword.

        >>> import minitorch_cnn as mt
        >>> mt.tensor([1, 2]).to("float64").dtype
        dtype('float64')
        """
        home, wanted = destination(*targets, device=device, dtype=dtype)
        moved: Any = self if home is None else shape.to_backend(self, home)
        return moved if wanted is None else shape.astype(moved, wanted)  # type: ignore[no-any-return]

    def astype(self, dtype: Any, *, copy: bool = False, device: Any = None) -> Tensor:
        """This tensor with another dtype; see :func:`minitorch_cnn.astype`."""
        return shape.astype(self, dtype, copy=copy, device=device)  # type: ignore[no-any-return]

    def clone(self) -> Tensor:
        """A copy with its own memory; gradients flow through it."""
        return shape.clone(self)  # type: ignore[no-any-return]

    # --- Python's protocols ---------------------------------------------------------------------

    def __repr__(self) -> str:
        return tensor_text(self)

    def _repr_html_(self) -> str:
        return tensor_html(self)

    def __format__(self, spec: str) -> str:
        if spec and self.size != 1:
            raise TypeError(
                f"format: {spec!r} is for one number, this tensor has shape {self.shape}; format "
                "its entries, or .tolist()"
            )
        return format(self.item(), spec) if spec else repr(self)

    def __getattr__(self, name: str) -> Any:
        hint = ""
        if name in ELSEWHERE:
            hint = f"; use {ELSEWHERE[name]}"
        elif name.endswith("_") and not name.startswith("_"):
            hint = "; tensors are values: write x = x + y, or p.assign_(array) for a parameter"
        raise AttributeError(f"Tensor has no attribute {name!r}{hint}")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("a 0-d tensor cannot be iterated over; use .item()")
        return iter(unstack(self))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"the truth of a tensor of shape {self.shape} is ambiguous; use .any() or .all()"
            )
        return bool(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.ndim:
            raise TypeError(
                f"only 0-d integer tensors can be an index, not {self.dtype} {self.shape}"
            )
        return int(self.item())
