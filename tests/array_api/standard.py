"""The array API standard 2024.12 as tables: its names, signatures, promotion and categories.

Written from the text of the standard, https://data-apis.org/array-api/2024.12/, and from nothing
in the package.
"""

import inspect
from typing import Any

import numpy as np


def words(text: str) -> list[str]:
    return text.split()


# --- names and signatures ------------------------------------------------------------------------

_ONE, _TWO = "x, /", "x1, x2, /"
_REDUCTION = "x, /, *, axis=None, keepdims=False"
_UNARY = (
    "abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor "
    "isfinite isinf isnan log log10 log1p log2 logical_not negative positive real "
    "reciprocal round sign signbit sin sinh sqrt square tan tanh trunc"
)
_BINARY = (
    "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign "
    "divide equal floor_divide greater greater_equal hypot less less_equal logaddexp logical_and "
    "logical_or logical_xor maximum minimum multiply nextafter not_equal pow remainder subtract"
)
SIGNATURES: dict[str, str] = {
    **dict.fromkeys(words(_UNARY), _ONE),
    **dict.fromkeys(words(_BINARY), _TWO),
    "clip": "x, /, min=None, max=None",
    # creation
    "arange": "start, /, stop=None, step=1, *, dtype=None, device=None",
    "asarray": "obj, /, *, dtype=None, device=None, copy=None",
    "empty": "shape, *, dtype=None, device=None",
    "empty_like": "x, /, *, dtype=None, device=None",
    "from_dlpack": "x, /, *, device=None, copy=None",
    "eye": "n_rows, n_cols=None, /, *, k=0, dtype=None, device=None",
    "full": "shape, fill_value, *, dtype=None, device=None",
    "full_like": "x, /, fill_value, *, dtype=None, device=None",
    "linspace": "start, stop, /, num, *, dtype=None, device=None, endpoint=True",
    "meshgrid": "*arrays, indexing='xy'",
    "ones": "shape, *, dtype=None, device=None",
    "ones_like": "x, /, *, dtype=None, device=None",
    "tril": "x, /, *, k=0",
    "triu": "x, /, *, k=0",
    "zeros": "shape, *, dtype=None, device=None",
    "zeros_like": "x, /, *, dtype=None, device=None",
    # data types
    "astype": "x, dtype, /, *, copy=True, device=None",
    "can_cast": "from_, to, /",
    "finfo": "type, /",
    "iinfo": "type, /",
    "isdtype": "dtype, kind",
    "result_type": "*arrays_and_dtypes",
    # indexing
    "take": "x, indices, /, *, axis=None",
    "take_along_axis": "x, indices, /, *, axis=-1",
    # products
    "matmul": _TWO,
    "matrix_transpose": _ONE,
    "tensordot": "x1, x2, /, *, axes=2",
    "vecdot": "x1, x2, /, *, axis=-1",
    # manipulation
    "broadcast_arrays": "*arrays",
    "broadcast_to": "x, /, shape",
    "concat": "arrays, /, *, axis=0",
    "expand_dims": "x, /, *, axis=0",
    "flip": "x, /, *, axis=None",
    "moveaxis": "x, source, destination, /",
    "permute_dims": "x, /, axes",
    "repeat": "x, repeats, /, *, axis=None",
    "reshape": "x, /, shape, *, copy=None",
    "roll": "x, /, shift, *, axis=None",
    "squeeze": "x, /, axis",
    "stack": "arrays, /, *, axis=0",
    "tile": "x, repetitions, /",
    "unstack": "x, /, *, axis=0",
    # searching, sets and sorting
    "argmax": _REDUCTION,
    "argmin": _REDUCTION,
    "count_nonzero": _REDUCTION,
    "nonzero": _ONE,
    "searchsorted": "x1, x2, /, *, side='left', sorter=None",
    "where": "condition, x1, x2, /",
    "unique_all": _ONE,
    "unique_counts": _ONE,
    "unique_inverse": _ONE,
    "unique_values": _ONE,
    "argsort": "x, /, *, axis=-1, descending=False, stable=True",
    "sort": "x, /, *, axis=-1, descending=False, stable=True",
    # statistics and utilities
    "cumulative_prod": "x, /, *, axis=None, dtype=None, include_initial=False",
    "cumulative_sum": "x, /, *, axis=None, dtype=None, include_initial=False",
    "max": _REDUCTION,
    "mean": _REDUCTION,
    "min": _REDUCTION,
    "prod": "x, /, *, axis=None, dtype=None, keepdims=False",
    "std": "x, /, *, axis=None, correction=0.0, keepdims=False",
    "sum": "x, /, *, axis=None, dtype=None, keepdims=False",
    "var": "x, /, *, axis=None, correction=0.0, keepdims=False",
    "all": _REDUCTION,
    "any": _REDUCTION,
    "diff": "x, /, *, axis=-1, n=1, prepend=None, append=None",
    # inspection
    "__array_namespace_info__": "",
    # the linalg extension
    "linalg.cholesky": "x, /, *, upper=False",
    "linalg.cross": "x1, x2, /, *, axis=-1",
    "linalg.det": _ONE,
    "linalg.diagonal": "x, /, *, offset=0",
    "linalg.eigh": _ONE,
    "linalg.eigvalsh": _ONE,
    "linalg.inv": _ONE,
    "linalg.matmul": _TWO,
    "linalg.matrix_norm": "x, /, *, keepdims=False, ord='fro'",
    "linalg.matrix_power": "x, n, /",
    "linalg.matrix_rank": "x, /, *, rtol=None",
    "linalg.matrix_transpose": _ONE,
    "linalg.outer": _TWO,
    "linalg.pinv": "x, /, *, rtol=None",
    "linalg.qr": "x, /, *, mode='reduced'",
    "linalg.slogdet": _ONE,
    "linalg.solve": _TWO,
    "linalg.svd": "x, /, *, full_matrices=True",
    "linalg.svdvals": _ONE,
    "linalg.tensordot": "x1, x2, /, *, axes=2",
    "linalg.trace": "x, /, *, offset=0, dtype=None",
    "linalg.vecdot": "x1, x2, /, *, axis=-1",
    "linalg.vector_norm": "x, /, *, axis=None, keepdims=False, ord=2",
}

OTHER_DEFAULTS = {
    ("asarray", "copy"): "False: memory is shared where it can be, as None asks too",
    ("astype", "copy"): "False: tensors are values, which need no copies",
    ("squeeze", "axis"): "None: all axes of size 1, as in NumPy",
}

CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64", "complex64", "complex128"),
)

FFT = words(
    "fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift"
)

ATTRIBUTES = words(
    "dtype device mT ndim shape size T to_device __abs__ __add__ __and__ __array_namespace__ "
    "__dlpack__ __dlpack_device__ "
    "__bool__ __complex__ __eq__ __float__ __floordiv__ __ge__ __getitem__ __gt__ __index__ "
    "__int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__ __mul__ __ne__ __neg__ "
    "__or__ __pos__ __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__ __radd__ __rand__ "
    "__rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__ __ror__ __rpow__ __rrshift__ "
    "__rsub__ __rtruediv__ __rxor__"
)


def parameters(text: str) -> list[inspect.Parameter]:
    """The parameters of a signature written as text."""
    scope: dict[str, Any] = {}
    exec(f"def function({text}): pass", scope)
    return list(inspect.signature(scope["function"]).parameters.values())


# --- promotion -----------------------------------------------------------------------------------

# The tables of "Type Promotion Rules" in one. "-": no common dtype. Kinds that the standard does
# not mix (".") meet as the project documents: floating point wins over integers, and integers over
# booleans, whatever their sizes.
_TABLE = """
    b1 i1 i2 i4 i8 u1 u2 u4 u8 f4 f8
b1  b1 .  .  .  .  .  .  .  .  .  .
i1  .  i1 i2 i4 i8 i2 i4 i8 -  .  .
i2  .  i2 i2 i4 i8 i2 i4 i8 -  .  .
i4  .  i4 i4 i4 i8 i4 i4 i8 -  .  .
i8  .  i8 i8 i8 i8 i8 i8 i8 -  .  .
u1  .  i2 i2 i4 i8 u1 u2 u4 u8 .  .
u2  .  i4 i4 i4 i8 u2 u2 u4 u8 .  .
u4  .  i8 i8 i8 i8 u4 u4 u4 u8 .  .
u8  .  -  -  -  -  u8 u8 u8 u8 .  .
f4  .  .  .  .  .  .  .  .  .  f4 f8
f8  .  .  .  .  .  .  .  .  .  f8 f8
"""
_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
PROMOTION: dict[tuple[Any, Any], Any] = {
    (np.dtype(row[0]), np.dtype(column)): None if cell == "-" else np.dtype(cell)
    for row in _ROWS[1:]
    for column, cell in zip(_ROWS[0], row[1:], strict=True)
    if cell != "."
}
"""(dtype, dtype) -> dtype, or None where there is none; only what the standard defines."""

BOOL = [np.dtype("bool")]
SIGNED = [np.dtype(f"i{n}") for n in (1, 2, 4, 8)]
UNSIGNED = [np.dtype(f"u{n}") for n in (1, 2, 4, 8)]
INTEGERS = [*SIGNED, *UNSIGNED]
FLOATS = [np.dtype("f4"), np.dtype("f8")]
BITS = [*BOOL, *INTEGERS]
NUMBERS = [*INTEGERS, *FLOATS]
EVERY = [*BOOL, *NUMBERS]
_ORDER = "buif"


def common(first: Any, second: Any) -> Any:
    """The dtype in which two dtypes meet, None where they have none."""
    if (first, second) in PROMOTION:
        return PROMOTION[first, second]
    return max(first, second, key=lambda dtype: _ORDER.index(dtype.kind))


def accumulator(dtype: Any) -> Any:
    """The dtype in which ``sum`` and its relatives add up by default."""
    return np.dtype({"i": "i8", "u": "u8"}.get(dtype.kind, dtype))


# --- element-wise functions by category ----------------------------------------------------------

UNARY: dict[str, list[Any]] = {
    **dict.fromkeys(words("abs ceil floor negative positive round sign square trunc"), NUMBERS),
    **dict.fromkeys(words("conj real isfinite isinf isnan"), NUMBERS),
    **dict.fromkeys(
        words(
            "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 reciprocal "
            "signbit sin sinh sqrt tan tanh"
        ),
        FLOATS,
    ),
    "bitwise_invert": BITS,
    "logical_not": BOOL,
}
BINARY: dict[str, list[Any]] = {
    **dict.fromkeys(words("add floor_divide multiply pow remainder subtract"), NUMBERS),
    **dict.fromkeys(words("maximum minimum greater greater_equal less less_equal"), NUMBERS),
    **dict.fromkeys(words("equal not_equal"), EVERY),
    **dict.fromkeys(words("atan2 copysign divide hypot logaddexp nextafter"), FLOATS),
    **dict.fromkeys(words("bitwise_left_shift bitwise_right_shift"), INTEGERS),
    **dict.fromkeys(words("bitwise_and bitwise_or bitwise_xor"), BITS),
    **dict.fromkeys(words("logical_and logical_or logical_xor"), BOOL),
}
GIVE_BOOLEANS = frozenset(
    words(
        "isfinite isinf isnan signbit logical_not equal not_equal greater greater_equal less "
        "less_equal logical_and logical_or logical_xor"
    )
)
