"""Products that contract axes: matrix product, tensor products, Einstein summation.

``matmul`` is the one primitive; the others arrange their axes and call it, so they run on every
backend and differentiate to any order. May import ``reduce``, ``shape`` and what lies below them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from minitorch_cnn.backend import canonical_dtype, kernel
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.arguments import axis_index, axis_tuple, raw, require_array
from minitorch_cnn.ops.precision import half
from minitorch_cnn.ops.reduce import sum as total
from minitorch_cnn.ops.shape import (
    expand_dims,
    matrix_transpose,
    moveaxis,
    permute_dims,
    promote,
    reshape,
    sum_to,
)
from minitorch_cnn.primitive import Primitive

product: Primitive = Primitive(
    "matmul",
    lambda a, b: kernel("matmul", a)(a, b),
    (
        lambda g, a, b: product(g, matrix_transpose(b)),
        lambda g, a, b: product(matrix_transpose(a), g),
    ),
    keep="other",
    fit=sum_to,
)


@half
def matmul(a: Any, b: Any) -> Any:
    """Matrix product ``a @ b`` over the last two axes; leading axes broadcast.

    Parameters
    ----------
    a : Tensor, shape (..., n, k) or (k,)
    b : Tensor, shape (..., k, m) or (k,)

    Returns
    -------
    Tensor, shape (..., n, m)
        Without the axis of a one-dimensional factor.

    Raises
    ------
    ValueError
        If the sizes to contract differ or a factor is 0-d.

    >>> import minitorch_cnn as mt
    >>> mt.matmul(mt.tensor([[1.0, 2.0]]), mt.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    if isinstance(a, Boxed) or isinstance(b, Boxed):
        a, b = promote(require_array(a, "matmul"), require_array(b, "matmul"))
    shape_a, shape_b = tuple(raw(a).shape), tuple(raw(b).shape)
    if not shape_a or not shape_b or shape_a[-1] != shape_b[-2 if len(shape_b) > 1 else -1]:
        raise ValueError(
            f"matmul: shapes {shape_a} and {shape_b} do not fit; expected (..., n, k) and "
            "(..., k, m): the last size of the first equal to the last but one of the second"
        )
    if len(shape_a) == 1:
        return _squeezed(matmul(expand_dims(a, 0), b), -2 if len(shape_b) > 1 else -1)
    if len(shape_b) == 1:
        return _squeezed(matmul(a, expand_dims(b, 1)), -1)
    if len(shape_a) > 2 and len(shape_b) == 2:  # one large product, also for the gradient in b
        flat = product(reshape(a, (math.prod(shape_a[:-1]), shape_a[-1])), b)
        return reshape(flat, (*shape_a[:-1], shape_b[-1]))
    return product(a, b)


def _squeezed(x: Any, axis: int) -> Any:
    shape = list(raw(x).shape)
    del shape[axis]
    return reshape(x, shape)


def _total(x: Any, axis: int | tuple[int, ...]) -> Any:
    """The sum over ``axis`` in the dtype of ``x``, also for small integers, as products give it."""
    return total(x, axis=axis, dtype=canonical_dtype(raw(x).dtype))


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """Sum of the products of ``a`` and ``b`` along ``axis``; other axes broadcast.

    >>> import minitorch_cnn as mt
    >>> mt.vecdot(mt.tensor([1.0, 2.0]), mt.tensor([3.0, 4.0]))
    tensor(11.)
    """
    a, b = require_array(a, "vecdot"), require_array(b, "vecdot")
    size_a = raw(a).shape[axis_index(axis, raw(a).ndim, "vecdot")]
    size_b = raw(b).shape[axis_index(axis, raw(b).ndim, "vecdot")]
    if size_a != size_b:
        raise ValueError(
            f"vecdot: sizes {size_a} and {size_b} along axis {axis} differ; they must be equal"
        )
    return _total(a * b, axis)


def tensordot(a: Any, b: Any, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Any:
    """Contract ``axes`` of ``a`` with axes of ``b``; the other axes of both follow in order.

    Parameters
    ----------
    a, b : Tensor
    axes : int or (axes of a, axes of b)
        An integer ``n`` contracts the last ``n`` axes of ``a`` with the first ``n`` of ``b``.

    >>> import minitorch_cnn as mt
    >>> mt.tensordot(mt.ones((2, 3, 4)), mt.ones((3, 4, 5))).shape
    (2, 5)
    """
    shape_a, shape_b = (
        raw(require_array(a, "tensordot")).shape,
        raw(require_array(b, "tensordot")).shape,
    )
    if isinstance(axes, int):
        if not 0 <= axes <= min(len(shape_a), len(shape_b)):
            raise ValueError(f"tensordot: cannot contract {axes} axes of {shape_a} and {shape_b}")
        first, second = tuple(range(len(shape_a) - axes, len(shape_a))), tuple(range(axes))
    else:
        first = axis_tuple(axes[0], len(shape_a), "tensordot")
        second = axis_tuple(axes[1], len(shape_b), "tensordot")
    sizes = tuple(shape_a[i] for i in first), tuple(shape_b[i] for i in second)
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"tensordot: sizes {sizes[0]} of the first and {sizes[1]} of the second tensor are "
            "contracted with each other; they must be equal"
        )
    rest_a = [n for i, n in enumerate(shape_a) if i not in first]
    rest_b = [n for i, n in enumerate(shape_b) if i not in second]
    inner = math.prod(sizes[0])
    left = moveaxis(a, first, tuple(range(-len(first), 0)))
    right = moveaxis(b, second, tuple(range(len(second))))
    product = matmul(
        reshape(left, (math.prod(rest_a), inner)), reshape(right, (inner, math.prod(rest_b)))
    )
    return reshape(product, (*rest_a, *rest_b))


def einsum(subscripts: str, *tensors: Any) -> Any:
    """Einstein summation: multiply tensors and sum over the letters that the result lacks.

    Parameters
    ----------
    subscripts : str
        Such as ``"nchw,oc->nohw"``: letters for the axes of every tensor, ``->``, letters of the
        result. ``...`` stands for axes not named; a letter repeated within one tensor takes its
        diagonal. Without ``->`` the result has the letters that occur once, in alphabetical order.
    *tensors : Tensor

    Raises
    ------
    ValueError
        If letters and dimensions disagree; both are named.

    Notes
    -----
    Two tensors at a time, from the left, each time as one batched matrix product.

    >>> import minitorch_cnn as mt
    >>> mt.einsum("ij,kj->ik", mt.ones((2, 3)), mt.ones((4, 3)))
    tensor([[3., 3., 3., 3.],
            [3., 3., 3., 3.]])
    """
    operands = [require_array(t, "einsum") for t in tensors]
    inputs, result = _subscripts(subscripts, [raw(t).ndim for t in operands])
    sizes: dict[str, int] = {}
    terms = []
    for letters, tensor in zip(inputs, operands, strict=True):
        tensor, letters = _diagonals(tensor, letters)
        for letter, size in zip(letters, raw(tensor).shape, strict=True):
            known = sizes.setdefault(letter, size)
            if size != known and 1 not in (size, known):
                raise ValueError(
                    f"einsum {subscripts!r}: axis {letter!r} has sizes {known} and {size}"
                )
            sizes[letter] = max(known, size)
        terms.append((letters, tensor))
    letters, tensor = terms[0]
    for position, (other_letters, other) in enumerate(terms[1:], 1):
        needed = set(result).union(*(set(t[0]) for t in terms[position + 1 :]))
        letters, tensor = _contract(letters, tensor, other_letters, other, needed)
    dropped = tuple(i for i, letter in enumerate(letters) if letter not in result)
    if dropped:
        tensor = _total(tensor, dropped)
        letters = "".join(letter for letter in letters if letter in result)
    return permute_dims(tensor, [letters.index(letter) for letter in result])


def _subscripts(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Letters of every tensor and of the result, with ``...`` written out."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise ValueError(
            f"einsum {subscripts!r}: {len(inputs)} terms for {len(ndims)} tensors; each needs one"
        )
    used = set(left) | set(right)
    free = [letter for letter in ascii_letters if letter not in used]
    most = max(n - len(t.replace("...", "")) for t, n in zip(inputs, ndims, strict=True))
    dots = "".join(free[: max(most, 0)])
    full = []
    for term, ndim in zip(inputs, ndims, strict=True):
        named = term.replace("...", "", 1)
        count = ndim - len(named) if "..." in term else 0
        if not set(named) <= set(ascii_letters) or len(named) + count != ndim or count < 0:
            raise ValueError(
                f"einsum {subscripts!r}: term {term!r} does not name the axes of a tensor of {ndim}"
                " dimensions; one letter for each axis, at most one '...'"
            )
        full.append(term.replace("...", dots[len(dots) - count :]))
    everything = "".join(full)
    if not arrow:
        once = sorted(c for c in set(everything) if everything.count(c) == 1 and c not in dots)
        shown = dots if "..." in left else ""
        return full, shown + "".join(once)
    result = right.replace("...", dots)
    if len(set(result)) < len(result) or not set(result) <= set(everything):
        raise ValueError(
            f"einsum {subscripts!r}: the result {right!r} must name axes of the tensors, each once"
        )
    return full, result


def _diagonals(tensor: Any, letters: str) -> tuple[Any, str]:
    """A letter that stands twice is one axis: the diagonal of the two."""
    for letter in letters:
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            shape = raw(tensor).shape
            if shape[first] != shape[second]:
                raise ValueError(
                    f"einsum: axis {letter!r} has sizes {shape[first]} and {shape[second]}"
                )
            size = shape[first]
            front = moveaxis(tensor, (first, second), (0, 1))
            flat = reshape(front, (size * size, *raw(front).shape[2:]))
            tensor = flat[:: size + 1]
            letters = letter + letters[:first] + letters[first + 1 : second] + letters[second + 1 :]
    return tensor, letters


def _contract(letters_a: str, a: Any, letters_b: str, b: Any, needed: set[str]) -> tuple[str, Any]:
    """Multiply two terms, summing over shared letters nobody needs, as one matrix product."""
    a, letters_a = _summed(a, letters_a, needed | set(letters_b))
    b, letters_b = _summed(b, letters_b, needed | set(letters_a))
    shape_a = dict(zip(letters_a, raw(a).shape, strict=True))
    shape_b = dict(zip(letters_b, raw(b).shape, strict=True))
    shared = [c for c in letters_a if c in shape_b]
    batch = [c for c in shared if c in needed]
    inner = [c for c in shared if c not in needed]
    if any(shape_a[c] != shape_b[c] for c in inner):  # a size of 1 stretches: multiply and sum
        return _multiplied(letters_a, a, letters_b, b, needed)
    only_a = [c for c in letters_a if c not in shape_b]
    only_b = [c for c in letters_b if c not in shape_a]
    left = permute_dims(a, [letters_a.index(c) for c in batch + only_a + inner])
    right = permute_dims(b, [letters_b.index(c) for c in batch + inner + only_b])
    rows, columns = [shape_a[c] for c in only_a], [shape_b[c] for c in only_b]
    depth = math.prod(shape_a[c] for c in inner)
    batch_a, batch_b = [shape_a[c] for c in batch], [shape_b[c] for c in batch]
    product = matmul(
        reshape(left, (*batch_a, math.prod(rows), depth)),
        reshape(right, (*batch_b, depth, math.prod(columns))),
    )
    lengths = [max(x, y) for x, y in zip(batch_a, batch_b, strict=True)]
    return "".join(batch + only_a + only_b), reshape(product, (*lengths, *rows, *columns))


def _summed(x: Any, letters: str, needed: set[str]) -> tuple[Any, str]:
    """``x`` summed over letters that stand in no other term and not in the result."""
    axes = tuple(i for i, letter in enumerate(letters) if letter not in needed)
    if not axes:
        return x, letters
    return _total(x, axes), "".join(c for c in letters if c in needed)


def _multiplied(
    letters_a: str, a: Any, letters_b: str, b: Any, needed: set[str]
) -> tuple[str, Any]:
    letters = letters_a + "".join(c for c in letters_b if c not in letters_a)
    left = reshape(a, (*raw(a).shape, *(1,) * (len(letters) - len(letters_a))))
    order = [letters_b.index(c) for c in letters if c in letters_b]
    sizes = dict(zip(letters_b, raw(b).shape, strict=True))
    right = reshape(permute_dims(b, order), [sizes.get(c, 1) for c in letters])
    product, kept = _summed(left * right, letters, needed)
    return kept, product
