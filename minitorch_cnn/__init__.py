"""minitorch_cnn: a small autodiff engine on swappable array backends, and layers on top of it.

>>> import minitorch_cnn as mt
>>> x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

import typing as _typing

# The module `tensor` must be loaded before the function `tensor` takes its name here.
from minitorch_cnn.tensor import Tensor  # isort: split

from minitorch_cnn import data, datasets, nn, optim, random
from minitorch_cnn.backend import (
    BackendUnavailable,
    backend_names,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    use_backend,
)
from minitorch_cnn.composition import compositions
from minitorch_cnn.creation import (
    arange,
    asarray,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from minitorch_cnn.engine import grad
from minitorch_cnn.grad_mode import enable_grad, is_grad_enabled, no_grad
from minitorch_cnn.graph import GraphError
from minitorch_cnn.io import load, save
from minitorch_cnn.ops.analytic import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    erf,
    exp,
    exp2,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    pow,
    reciprocal,
    rsqrt,
    sigmoid,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from minitorch_cnn.ops.arrange import concat, flip, pad, repeat, roll, split, stack, tile, unstack
from minitorch_cnn.ops.elementwise import (
    abs,
    add,
    ceil,
    clip,
    copysign,
    divide,
    floor,
    floor_divide,
    maximum,
    minimum,
    multiply,
    negative,
    positive,
    relu,
    remainder,
    round,
    sign,
    subtract,
    trunc,
    where,
)
from minitorch_cnn.ops.indexing import argsort, index_add, sort, take, take_along_axis, tril, triu
from minitorch_cnn.ops.linalg import einsum, matmul, tensordot, vecdot
from minitorch_cnn.ops.logic import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    equal,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    signbit,
)
from minitorch_cnn.ops.reduce import (
    all,
    any,
    argmax,
    argmin,
    cumulative_sum,
    logsumexp,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
    vector_norm,
)
from minitorch_cnn.ops.shape import (
    astype,
    broadcast_to,
    expand_dims,
    flatten,
    matrix_transpose,
    moveaxis,
    permute_dims,
    reshape,
    squeeze,
)
from minitorch_cnn.random import bernoulli, normal, rand, randint, randn, randperm, seed, uniform

if _typing.TYPE_CHECKING:  # loaded when asked for
    from minitorch_cnn.explain import explain_grad
    from minitorch_cnn.viz.graph import draw

bool = bool_

__all__ = [
    "BackendUnavailable",
    "GraphError",
    "Tensor",
    "__version__",
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "backend_names",
    "bernoulli",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bool",
    "bool_",
    "broadcast_to",
    "ceil",
    "clip",
    "compositions",
    "concat",
    "copysign",
    "cos",
    "cosh",
    "cumulative_sum",
    "data",
    "datasets",
    "divide",
    "draw",
    "einsum",
    "empty",
    "empty_like",
    "enable_grad",
    "equal",
    "erf",
    "exp",
    "exp2",
    "expand_dims",
    "explain_grad",
    "expm1",
    "eye",
    "flatten",
    "flip",
    "float16",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "full",
    "full_like",
    "grad",
    "greater",
    "greater_equal",
    "hypot",
    "index_add",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linspace",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "negative",
    "nn",
    "no_grad",
    "normal",
    "not_equal",
    "ones",
    "ones_like",
    "optim",
    "pad",
    "permute_dims",
    "positive",
    "pow",
    "prod",
    "rand",
    "randint",
    "randn",
    "random",
    "randperm",
    "reciprocal",
    "relu",
    "remainder",
    "repeat",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "save",
    "seed",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensor",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uniform",
    "unstack",
    "use_backend",
    "var",
    "vecdot",
    "vector_norm",
    "where",
    "zeros",
    "zeros_like",
]


_TOOLS = {"draw": "minitorch_cnn.viz.graph", "explain_grad": "minitorch_cnn.explain"}
"""For people at work on a gradient; their modules are loaded when asked for."""


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # 10 ms, and rarely asked for

        return version("minitorch-cnn")
    if name in _TOOLS:
        from importlib import import_module

        return getattr(import_module(_TOOLS[name]), name)
    if name == "testing":  # for tests alone, so loaded when asked for
        from importlib import import_module

        return import_module("minitorch_cnn.testing")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_TOOLS, "__version__", "testing"})
