"""The two kinds of element-wise operation: of one tensor, and of two operands that broadcast.

They are primitives that cast integers where needed, keep Python numbers as they are, and cost
little more than the array library itself. May import ``precision``, ``shape`` and what lies below.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from minitorch_cnn.anomaly import watching
from minitorch_cnn.backend import (
    SEALS,
    SWITCHES,
    backend_of,
    bool_,
    canonical_dtype,
    float32,
    namespace,
    native_dtype,
    switch_device,
)
from minitorch_cnn.grad_mode import GRAD_ENABLED
from minitorch_cnn.graph import NEXT_NUMBER, Boxed, Node, box
from minitorch_cnn.ops.arguments import (
    coerce,
    constant,
    is_floating,
    is_operand,
    raw,
    require_array,
    scalar_dtype,
)
from minitorch_cnn.ops.precision import single_precision
from minitorch_cnn.ops.shape import astype, promote, sum_to
from minitorch_cnn.primitive import PYTHON_SCALARS, Keep, Primitive, Rule, owned

_grad_enabled = GRAD_ENABLED.get


def _docstring(meaning: str, parameters: str, example: tuple[str, str] | None) -> str:
    """A NumPy-style docstring for an element-wise operation."""
    if not meaning:
        return ""
    shape = "their shapes broadcast" if "," in parameters else "any shape"
    lines = [meaning, "", "Parameters", "----------", f"{parameters}, {shape}"]
    if example:
        expression, shown = example
        lines += ["", "Examples", "--------", ">>> import minitorch_cnn as mt"]
        lines += [f">>> {expression}", shown]
    return "\n".join(lines)


def _signature(*names: str) -> Signature:
    """What ``help`` and notebooks show as the arguments."""
    return Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])


class Unary(Primitive):
    """An element-wise function of one tensor; ``floating`` casts integers to float32 first.

    ``meaning`` and ``example`` (an expression and what it shows) make its docstring.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        rule: Rule | None = None,
        *,
        keep: Keep = "",
        floating: bool = True,
        meaning: str = "",
        example: tuple[str, str] | None = None,
    ) -> None:
        doc = _docstring(meaning, "x : Tensor", example)
        super().__init__(name, compute, None if rule is None else (rule,), keep=keep, doc=doc)
        self.__signature__ = _signature("x")
        self.floating = floating

    def __call__(self, x: Any, **params: Any) -> Any:
        if not isinstance(x, Boxed):
            return self.compute(require_array(x, self.name), **params)
        data, node = x._data, x._node
        if node is None and self.floating and not is_floating(data.dtype):
            data = namespace(data).astype(data, native_dtype(float32, backend_of(data)))
        if SWITCHES:
            switch_device((data,))
        try:
            out = self.compute(data, **params)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.explained(error, (data,)) from error
        out = SEALS[type(out)](out)
        made = None
        if node is not None and self.rules is not None and _grad_enabled():
            kept = (out,) if self.keep == "output" else (data,) if self.keep else ()
            made = Node(self, (node,), kept, params, NEXT_NUMBER(), out.shape, out.dtype)
        elif out.dtype is bool_ and self.rules is not None:
            raise self.explained(booleans_alone(), (data,))
        if (watch := watching()) is not None:
            out = watch.result(self.name, (data,), params, out, made)
        return box(out, made)


class Precise(Unary):
    """One that would lose too much in float16: it computes in float32 under ``autocast``."""

    def __call__(self, x: Any, **params: Any) -> Any:
        return super().__call__(single_precision(x), **params)


class Binary(Primitive):
    """An element-wise function of two operands that broadcast and meet in one dtype.

    ``floating`` casts integers to float32 first. Python numbers stay Python numbers. ``meaning``
    and ``example`` (an expression and what it shows) make its docstring.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        rules: tuple[Rule, Rule] | None = None,
        *,
        keep: Keep = "",
        floating: bool = False,
        meaning: str = "",
        example: tuple[str, str] | None = None,
    ) -> None:
        doc = _docstring(meaning, "a, b : Tensor or number", example)
        super().__init__(name, compute, rules, keep=keep, fit=sum_to, doc=doc)
        self.__signature__ = _signature("a", "b")
        self.floating = floating

    def __call__(self, a: Any, b: Any) -> Any:
        boxed_a, boxed_b = isinstance(a, Boxed), isinstance(b, Boxed)
        if boxed_a and boxed_b:
            if type(a._data) is not type(b._data) or SWITCHES:
                self.check_backends((a._data, b._data))
            if a._data.dtype is not b._data.dtype:
                a, b = promote(a, b)
            node_a, node_b = a._node, b._node
            data_a, data_b = a._data, b._data
        elif boxed_a and type(b) in PYTHON_SCALARS:
            if a._node is None:
                a = self.meet(a, b)
            node_a, node_b, data_a, data_b = a._node, None, a._data, b
        elif boxed_b and type(a) in PYTHON_SCALARS:
            if b._node is None:
                b = self.meet(b, a)
            node_a, node_b, data_a, data_b = None, b._node, a, b._data
        else:
            return self.uncommon(a, b)
        if self.floating and node_a is None and node_b is None:
            data_a, data_b = _floats(data_a), _floats(data_b)
        if SWITCHES:
            switch_device((data_a, data_b))
        try:
            out = self.compute(data_a, data_b)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.explained(error, (data_a, data_b)) from error
        out = SEALS[type(out)](out)
        made = None
        if (node_a is not None or node_b is not None) and self.rules and _grad_enabled():
            keep = self.keep
            if keep == "other":
                kept: tuple[Any, ...] = (
                    None if node_b is None else data_a,
                    None if node_a is None else data_b,
                )
            elif keep == "inputs":
                kept = (data_a, data_b)
            else:
                kept = (out,) if keep else ()
            made = Node(self, (node_a, node_b), kept, {}, NEXT_NUMBER(), out.shape, out.dtype)
        elif out.dtype is bool_ and self.rules is not None:
            raise self.explained(booleans_alone(), (data_a, data_b))
        if (watch := watching()) is not None:
            out = watch.result(self.name, (data_a, data_b), {}, out, made)
        return box(out, made)

    def meet(self, tensor: Any, scalar: Any) -> Any:
        """An untracked tensor in the dtype in which it meets a Python number."""
        if is_floating(tensor._data.dtype):
            return tensor
        return astype(tensor, scalar_dtype(tensor._data.dtype, scalar))

    def boxed(self, x: Any) -> Any:
        """An operand as a tensor or Python number; a copy of a raw array that a graph may keep."""
        if isinstance(x, Boxed) or type(x) in PYTHON_SCALARS:
            return x
        return box(owned(x) if self.keep else x, None)

    def uncommon(self, a: Any, b: Any) -> Any:
        """Raw arrays in a gradient rule, NumPy scalars, arrays beside tensors, and mistakes."""
        a, b = coerce_operand(a, self.name, 0), coerce_operand(b, self.name, 1)
        if isinstance(a, Boxed) or isinstance(b, Boxed):
            return self(self.boxed(a), self.boxed(b))
        if type(a) in PYTHON_SCALARS and type(b) in PYTHON_SCALARS:
            raise TypeError(
                f"{self.name}: expected at least one Tensor, got {a!r} and {b!r}; make one with "
                "mt.tensor(...)"
            )
        return self.compute(a, b)


def coerce_operand(x: Any, name: str, position: int) -> Any:
    """An operand as a tensor, raw array or Python number; a TypeError for anything else."""
    if not is_operand(x):
        raise TypeError(
            f"{name}: argument {position} is a {type(x).__name__}; expected a Tensor or a number: "
            "make one with mt.tensor(...)"
        )
    return coerce(x) if not isinstance(x, Boxed) else x


def _floats(x: Any) -> Any:
    if type(x) in PYTHON_SCALARS or is_floating(x.dtype):
        return x
    return namespace(x).astype(x, native_dtype(float32, backend_of(x)))


def booleans_alone() -> TypeError:
    """The error for arithmetic of booleans alone, for which array libraries have no one answer."""
    return TypeError(
        "expected numbers, got booleans; convert with .to(mt.int64), or use & | ^ ~ for logic"
    )


def refusing_booleans(operation: Callable[..., Any]) -> Callable[..., Any]:
    """``operation`` of two operands, not both booleans; NumPy would make int8 of them."""

    def compute(a: Any, b: Any) -> Any:
        if _is_boolean(a) and _is_boolean(b):
            raise booleans_alone()
        return operation(a, b)

    return compute


def _is_boolean(x: Any) -> bool:
    return type(x) is bool or (
        type(x) not in PYTHON_SCALARS and canonical_dtype(x.dtype).kind == "b"
    )


def of_namespace(name: str) -> Callable[..., Any]:
    """The function ``name`` of the array library that its arguments belong to."""

    def compute(*args: Any) -> Any:
        return getattr(namespace(*args), name)(*args)

    compute.__qualname__ = name  # what a message about unknown arguments names
    return compute


def zeros_rule(g: Any, *_: Any) -> Any:
    """The rule of piecewise constant functions: no change reaches the input."""
    data = raw(g)
    return constant(namespace(data).zeros_like(data), g)


def examples(names: dict[str, Any]) -> dict[str, str]:
    """The docstrings of a module's operations, which doctest does not find by itself.

    They are objects, not functions; a module hands them on as its ``__test__``.
    """
    return {
        name: value.__doc__
        for name, value in names.items()
        if isinstance(value, (Unary, Binary)) and value.__doc__
    }
