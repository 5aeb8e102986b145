"""Making tensors: from data, and from shapes.

Every function takes ``dtype``, ``backend``, ``device`` and ``requires_grad``. The default dtype is
float32 for real numbers and int64 for integers, whatever the platform. ``device`` is the array
API's word: what ``x.device`` gives is taken back, and means the backend it belongs to. May import
``backend``, ``graph``, ``host_data`` and ``ops.arguments``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import (
    NAMESPACES,
    SEALS,
    SWITCHES,
    as_dtype,
    backend_of,
    backend_of_device,
    canonical_dtype,
    device_of,
    float32,
    float64,
    get_backend,
    int64,
    native_dtype,
    switch_device,
)
from minitorch_cnn.graph import Boxed, box, mutable_box
from minitorch_cnn.host_data import host_array
from minitorch_cnn.ops.arguments import raw, require_array, shape_tuple

AnyBackend = str | Backend | None


def raw_array(data: Any, *, dtype: Any, backend: AnyBackend, copy: bool) -> Any:
    """``data`` as a sealed raw array of ``backend`` (None: where it is, else the default)."""
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(data, Boxed):
        data = data._data
        backend = backend_of(data) if backend is None else backend
    if type(data) in NAMESPACES and not isinstance(data, np.generic):
        home = backend_of(data)
        if isinstance(data, np.ndarray) and backend is None:
            target = get_backend(None)  # a NumPy array is data like any other, not a choice
        else:
            target = home if backend is None else get_backend(backend)
        array = data if target is home else home.to_numpy(data)
    else:
        target = get_backend(backend)
        array = host_array(data, wanted)
    _require_supported(array.dtype)
    if isinstance(array, np.ndarray) and not array.dtype.isnative:
        array = array.astype(array.dtype.name)
    array = target.asarray(array, copy=copy)
    native = native_dtype(wanted or canonical_dtype(array.dtype), target)
    if array.dtype != native:
        array = target.xp.astype(array, native)
    return target.seal(array)


def _require_supported(native: Any) -> None:
    try:
        as_dtype(native)
    except TypeError as error:
        raise TypeError(f"tensor: {error}") from None


def finished(array: Any, requires_grad: bool) -> Any:
    """The leaf Tensor of a sealed raw array: what every creation function ends with."""
    tensor = box(array, None)
    return tensor.requires_grad_() if requires_grad else tensor


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A new tensor with a copy of ``data``.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists, NumPy arrays, arrays of a backend, or a Tensor (whose history is
        left behind).
    dtype : dtype, optional
        Python floats become float32 and ints int64; arrays keep their dtype.
    backend : str or Backend, optional
        Where it lives; the default backend for lists and NumPy arrays.
    device : optional
        In place of ``backend``: where it lives, as ``x.device`` gives it.
    requires_grad : bool
        Whether operations on it are recorded for :meth:`Tensor.backward`.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        For ragged lists or an unknown backend.
    TypeError
        For complex numbers, text or objects, or if integers are to require a gradient.

    >>> import minitorch_cnn as mt
    >>> mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    if device is not None:
        backend = home_of(backend, device, "tensor")
    return finished(raw_array(data, dtype=dtype, backend=backend, copy=True), requires_grad)


def asarray(
    data: Any,
    *,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    copy: bool | None = None,
) -> Any:
    """A tensor of ``data`` that shares its memory where possible; a Tensor is given back as it is.

    Do not write to an array that is shared: graphs that keep it would give wrong gradients.

    Parameters
    ----------
    data : array_like
        As for :func:`minitorch_cnn.tensor`.
    dtype, backend
        As for :func:`minitorch_cnn.tensor`; a Tensor is cast and moved with its history.
    device : optional
        In place of ``backend``: where it lives, as ``x.device`` gives it.
    copy : bool, optional
        True: a copy with the history of a Tensor, and, as the array API asks, with entries that can
        be set (:class:`minitorch_cnn.MutableTensor`). False: a ValueError where memory cannot be
        shared. None: share where possible.

    >>> import minitorch_cnn as mt
    >>> x = mt.asarray([1, 2])
    >>> y = mt.asarray(x, copy=True)
    >>> y[0] = 5
    >>> x, y
    (tensor([1, 2], dtype=int64), tensor([5, 2], dtype=int64))
    """
    if device is not None:
        backend = home_of(backend, device, "asarray")
    if not isinstance(data, Boxed):
        array = raw_array(data, dtype=dtype, backend=backend, copy=bool(copy))
        if copy is False and (type(data) is not type(array) or data.dtype != array.dtype):
            raise _must_copy(data)
        return (mutable_box if copy else box)(array, None)
    moved: Any = data
    if backend is not None:
        moved = moved.to(get_backend(backend))
    if dtype is not None:
        moved = moved.to(as_dtype(dtype))
    if copy is False and moved is not data:
        raise _must_copy(data)
    if copy:
        twin = moved.clone()
        return mutable_box(twin._data, twin._node)
    return moved


def _must_copy(data: Any) -> ValueError:
    return ValueError(
        f"asarray: copy=False, but a {type(data).__name__} can only be brought to this dtype and "
        "backend by copying; leave copy out"
    )


def home_of(backend: AnyBackend, device: Any, name: str) -> Backend:
    """The backend that ``backend`` and ``device`` name, which must be one."""
    if device is None:
        return get_backend(backend)
    home = backend_of_device(device)
    if backend is not None and get_backend(backend) is not home:
        raise ValueError(
            f"{name}: device {device!r} belongs to backend {home.name!r}, not to "
            f"{get_backend(backend).name!r}; pass one of the two"
        )
    return home


def _make(
    name: str,
    *args: Any,
    dtype: Any,
    backend: AnyBackend,
    device: Any,
    requires_grad: bool,
    **options: Any,
) -> Any:
    """Call the creation function ``name`` of a backend's array library; float32 by default."""
    home = home_of(backend, device, name)
    function = getattr(home.xp, name)
    native = native_dtype(float32 if dtype is None else dtype, home)
    if SWITCHES:
        switch_device((home.asarray(np.empty(0, np.float32), copy=False),))
    try:
        array = function(*args, dtype=native, device=device_of(home), **options)
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}{args}: {error}") from None
    return finished(home.seal(array), requires_grad)


def _number(value: Any, what: str) -> float:
    """A Python number for one, or for a NumPy scalar or Tensor of one entry."""
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, (int, float)):
        raise TypeError(f"{what} {value!r} is no number; expected an integer or a real number")
    return plain


def shape_of(sizes: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """The shape a user wrote as ``sizes``, one tuple or several integers, checked.

    ``name`` is the function that asks, for the message: negative sizes are a ValueError.
    """
    shape = shape_tuple(sizes[0] if len(sizes) == 1 else sizes, name)
    if min(shape, default=0) < 0:
        raise ValueError(f"{name}: shape {shape} has a negative size")
    return shape


def zeros(
    shape: int | Sequence[int] = (),
    *more: int,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor of zeros; the shape as a tuple or as several integers.

    >>> import minitorch_cnn as mt
    >>> mt.zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """
    home = {"backend": backend, "device": device}
    sizes = shape_of((shape, *more), "zeros")
    return _make("zeros", sizes, dtype=dtype, requires_grad=requires_grad, **home)


def ones(
    shape: int | Sequence[int] = (),
    *more: int,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor of ones; the shape as a tuple or as several integers.

    >>> import minitorch_cnn as mt
    >>> mt.ones((3,))
    tensor([1., 1., 1.])
    """
    home = {"backend": backend, "device": device}
    sizes = shape_of((shape, *more), "ones")
    return _make("ones", sizes, dtype=dtype, requires_grad=requires_grad, **home)


def empty(
    shape: int | Sequence[int] = (),
    *more: int,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor whose entries are not set: whatever the memory held.

    >>> import minitorch_cnn as mt
    >>> mt.empty(2, 3).shape
    (2, 3)
    """
    home = {"backend": backend, "device": device}
    sizes = shape_of((shape, *more), "empty")
    return _make("empty", sizes, dtype=dtype, requires_grad=requires_grad, **home)


def full(
    shape: int | Sequence[int],
    fill_value: float,
    *,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor with every entry ``fill_value``, of its dtype unless one is given.

    >>> import minitorch_cnn as mt
    >>> mt.full(2, 7)
    tensor([7, 7], dtype=int64)
    """
    value = _number(fill_value, "full: fill_value")
    dtype = type(value) if dtype is None else dtype
    home = {"backend": backend, "device": device}
    sizes = shape_of((shape,), "full")
    return _make("full", sizes, value, dtype=dtype, requires_grad=requires_grad, **home)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers from ``start`` up to but without ``stop``; one argument counts from 0.

    >>> import minitorch_cnn as mt
    >>> mt.arange(3)
    tensor([0, 1, 2], dtype=int64)
    """
    bounds = (0, start) if stop is None else (start, stop)
    numbers = [_number(value, "arange:") for value in (*bounds, step)]
    if step == 0:
        raise ValueError("arange: a step of 0 never arrives; pass another step")
    if dtype is None:
        dtype = int64 if all(isinstance(value, int) for value in numbers) else float32
    # In float32 the steps themselves would be rounded.
    exact = float64 if as_dtype(dtype).kind == "f" else dtype
    home = {"backend": backend, "device": device}
    made = _make("arange", *numbers, dtype=exact, requires_grad=False, **home)
    return finished(asarray(made, dtype=dtype)._data, requires_grad)


def linspace(
    start: float,
    stop: float,
    num: int,
    *,
    endpoint: bool = True,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """``num`` numbers in equal steps from ``start`` to ``stop``.

    >>> import minitorch_cnn as mt
    >>> mt.linspace(0, 1, 5)
    tensor([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    options = {"dtype": dtype, "backend": backend, "device": device, "requires_grad": requires_grad}
    return _make("linspace", start, stop, num, endpoint=endpoint, **options)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    *,
    k: int = 0,
    dtype: Any = None,
    backend: AnyBackend = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A matrix with ones on diagonal ``k`` and zeros elsewhere.

    >>> import minitorch_cnn as mt
    >>> mt.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    options = {"dtype": dtype, "backend": backend, "device": device, "requires_grad": requires_grad}
    return _make("eye", n_rows, n_cols, k=k, **options)


def _like(name: str, x: Any, dtype: Any, device: Any, requires_grad: bool, *args: Any) -> Any:
    data = raw(require_array(x, name))
    if device is not None and backend_of_device(device) is not backend_of(data):
        make = _BY_SHAPE[name.removesuffix("_like")]
        wanted = canonical_dtype(data.dtype) if dtype is None else dtype
        shape = tuple(data.shape)
        return make(shape, *args, dtype=wanted, device=device, requires_grad=requires_grad)
    home = backend_of(data)
    native = None if dtype is None else native_dtype(dtype, home)
    if SWITCHES:
        switch_device((data,))
    array = getattr(home.xp, name)(data, *args, dtype=native)
    return finished(SEALS[type(array)](array), requires_grad)


_BY_SHAPE: dict[str, Any] = {"zeros": zeros, "ones": ones, "empty": empty, "full": full}


def zeros_like(
    x: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Zeros of the shape, dtype and backend of ``x``.

    >>> import minitorch_cnn as mt
    >>> mt.zeros_like(mt.tensor([1.0, 2.0]))
    tensor([0., 0.])
    """
    return _like("zeros_like", x, dtype, device, requires_grad)


def ones_like(x: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Ones of the shape, dtype and backend of ``x``.

    >>> import minitorch_cnn as mt
    >>> mt.ones_like(mt.tensor([1.0, 2.0]))
    tensor([1., 1.])
    """
    return _like("ones_like", x, dtype, device, requires_grad)


def empty_like(
    x: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Entries not set, of the shape, dtype and backend of ``x``.

    >>> import minitorch_cnn as mt
    >>> mt.empty_like(mt.zeros(3)).shape
    (3,)
    """
    return _like("empty_like", x, dtype, device, requires_grad)


def full_like(
    x: Any,
    fill_value: float,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Every entry ``fill_value``, of the shape, dtype and backend of ``x``.

    >>> import minitorch_cnn as mt
    >>> mt.full_like(mt.zeros(2), 5)
    tensor([5., 5.])
    """
    return _like("full_like", x, dtype, device, requires_grad, fill_value)
