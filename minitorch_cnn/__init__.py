"""minitorch_cnn: a small autodiff engine on swappable array backends, and layers on top of it.

>>> import minitorch_cnn as mt
>>> x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

# The module `tensor` must be loaded before the function `tensor` takes its name here.
from minitorch_cnn.tensor import Tensor  # isort: split
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
    arange, asarray, empty, empty_like, eye, full, full_like, linspace, ones, ones_like, tensor, zeros, zeros_like,
)
from minitorch_cnn.engine import grad
from minitorch_cnn.grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minitorch_cnn.graph import GraphError
from minitorch_cnn.ops.arrange import concat, flip, pad, repeat, roll, split, stack, tile, unstack
from minitorch_cnn.ops.elementwise import (
    abs, acos, acosh, add, asin, asinh, atan, atan2, atanh, bitwise_and, bitwise_invert, bitwise_left_shift,
    bitwise_or, bitwise_right_shift, bitwise_xor, ceil, clip, copysign, cos, cosh, divide, equal, erf, exp, exp2, expm1,
    floor, floor_divide, greater, greater_equal, hypot, isfinite, isinf, isnan, less, less_equal, log, log1p,
    log2, log10, logaddexp, logical_and, logical_not, logical_or, logical_xor, maximum, minimum, multiply,
    negative, not_equal, positive, pow, reciprocal, relu, remainder, round, rsqrt, sigmoid, sign, signbit, sin, sinh,
    sqrt, square, subtract, tan, tanh, trunc, where,
)
from minitorch_cnn.ops.indexing import argsort, index_add, sort, take, take_along_axis, tril, triu
from minitorch_cnn.ops.linalg import einsum, matmul, tensordot, vecdot
from minitorch_cnn.ops.reduce import (
    all, any, argmax, argmin, cumulative_sum, logsumexp, max, mean, min, prod, std, sum, var, vector_norm,
)
from minitorch_cnn.ops.shape import (
    astype, broadcast_to, expand_dims, flatten, matrix_transpose, moveaxis, permute_dims, reshape, squeeze,
)
from minitorch_cnn.random import bernoulli, normal, rand, randint, randn, randperm, seed, uniform
from minitorch_cnn import data, datasets, nn, optim, random
from minitorch_cnn.io import load, save
