"""One program on two backends: the first operation whose value or gradient differs.

The program runs on one backend after the other. A watch, as anomaly detection has one, sees every
operation and every gradient rule; those of the first run lie in a temporary file, in order, and
those of the second are compared with them as they come, so no run is held in memory. Where they
agree the second run goes on with those of the first: every operation is judged on equal inputs, and
rounding errors do not grow from step to step. What the comparison says is in ``parity_report``. May
import the package and ``parity_report``.
"""

from __future__ import annotations

import math
import os
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.anomaly import Origin, Watch, watched_by
from minitorch_cnn.backend import (
    NAMESPACES,
    SEALS,
    backend_of,
    get_backend,
    one_path,
    use_backend,
)
from minitorch_cnn.graph import AnyNode, Boxed, Leaf, Node, box
from minitorch_cnn.testing.derivatives import HostArray
from minitorch_cnn.testing.parity_report import BackendComparison, BackendDifference

TOLERANCES = {"float16": 1e-2, "float32": 1e-4, "float64": 1e-9}
"""Allowed difference by dtype, relative to the largest entry; everything else must be equal."""

ROUNDINGS = 16
"""So many rounding errors of the largest number that was summed may differ, too."""


def compare_backends(
    program: Callable[[], Any] | str | os.PathLike[str],
    backends: tuple[str, str] = ("numpy", "cupy"),
    *,
    steps: int | None = None,
    seed: int = 0,
    rtol: float | None = None,
) -> BackendComparison:
    """Run a program on two backends and find the first operation that differs.

    The value of every operation is compared and, in backward passes, every gradient with the
    operation whose rule made it; parameters are compared when they are first used and after each
    time something wrote to them. The second run ends at the first difference.

    Parameters
    ----------
    program : callable or path
        A function without arguments, or a Python script, which is run as ``__main__``. It must make
        its tensors itself, without naming a backend: the default is set to one backend after the
        other, and :func:`minitorch_cnn.seed` is called with ``seed`` before each run.
    backends : tuple of two str
        The one that is taken to be right, then the one that is looked at.
    steps : int, optional
        Both runs end after so many backward passes; without it they run to their end.
    seed : int
    rtol : float, optional
        Allowed difference relative to the largest entry of an array; 1e-2, 1e-4 and 1e-9 for
        float16, float32 and float64 by default. Integers and booleans must be equal.

    Returns
    -------
    BackendComparison
        True ``agrees`` or the ``difference`` found; ``print`` it, or call ``raise_if_different``.

    Raises
    ------
    ValueError, TypeError
        If arguments make no sense, or the program runs no operation at all.
    BackendUnavailable
        If one of the backends cannot be used here.

    Notes
    -----
    Where a result agrees, the second run goes on with that of the first. So every operation is
    judged on equal inputs, however long the run is, and figures that the second run prints are
    mostly those of the first. What the program itself raises is raised, with the backend noted.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> from minitorch_cnn import nn, testing
    >>> def step():
    ...     net = nn.Dense(3, 2)
    ...     net(mt.rand(4, 3)).sum().backward()
    >>> print(testing.compare_backends(step, ("numpy", "strict")))
    compare_backends: 'strict' agrees with 'numpy' in 7 results of operations and gradients...
    """
    if not callable(program) and not isinstance(program, (str, os.PathLike)):
        raise TypeError(
            f"compare_backends: {program!r} is no program; pass a function without arguments or "
            "the path of a script"
        )
    if steps is not None and not (isinstance(steps, int) and steps >= 1):
        raise ValueError(f"compare_backends: steps must be at least 1 or None, got {steps!r}")
    if isinstance(backends, str) or len(backends) != 2:
        raise ValueError(
            f"compare_backends: expected two backends, such as ('numpy', 'cupy'), got {backends!r}"
        )
    for name in backends:
        get_backend(name)  # what cannot be used is said before anything has run
    with tempfile.TemporaryFile() as file:
        first = _Recorder(file, steps)
        _run(program, backends[0], seed, first)
        if not first.entries:
            raise ValueError(
                f"compare_backends: the program ran no operation on {backends[0]!r}; it must "
                "compute with tensors in this thread"
            )
        file.seek(0)
        second = _Comparer(file, steps, first.entries, rtol)
        _run(program, backends[1], seed, second)
    return second.report((backends[0], backends[1]))


class _Enough(BaseException):
    """Ends a run from within; no program should catch it as an error of its own."""


def _run(program: Any, backend: str, seed: int, recorder: _Recorder) -> None:
    generator = random.default_rng().bit_generator
    state = generator.state
    random.seed(seed)
    try:
        with use_backend(backend), one_path(), watched_by(recorder):
            if callable(program):
                program()
            else:
                _run_script(os.fspath(program))
    except _Enough:
        pass
    except Exception as error:
        error.add_note(f"compare_backends: this happened on backend {backend!r}")
        raise
    finally:
        generator.state = state


def _run_script(path: str) -> None:
    with _arguments([path]):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as exit_:
            if exit_.code:
                raise RuntimeError(f"{path} ended with exit code {exit_.code!r}") from exit_


@contextmanager
def _arguments(words: list[str]) -> Iterator[None]:
    """The words of the command line that a script finds."""
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before


class _Entry(NamedTuple):
    """What is known of one array without looking into it."""

    what: str
    operation: str
    rounding: float
    """The largest error that rounding may make, whatever the size of the entries."""


class _Recorder(Watch):
    """The watch of the first run: writes every array into the file."""

    def __init__(self, file: IO[bytes], steps: int | None) -> None:
        super().__init__(check_nan=False)
        self.file = file
        self.steps = steps
        self.entries: list[_Entry] = []
        self.step = 1
        self._pulling = 0
        self._pulled = False
        self._written: dict[Leaf, int] = {}

    def take(self, entry: _Entry, array: HostArray, origin: Origin | None) -> HostArray:
        """Deal with the next array of the run; returns the one to go on with."""
        self.entries.append(entry)
        np.save(self.file, array, allow_pickle=False)
        return array

    def result(
        self, name: str, inputs: Iterable[Any], params: dict[str, Any], out: Any, node: Node | None
    ) -> Any:
        """An operation has computed ``out``; returns what to go on with."""
        if self._pulled and not self._pulling:
            self._pulled = False
            if self.step == self.steps:
                raise _Enough
            self.step += 1
        raw, origin = list(inputs), Origin.here()
        if node is not None:
            node.origin = origin
            for position, parent in enumerate(node.parents):
                if isinstance(parent, Leaf) and self._is_new(parent):
                    given = _Entry(f"argument {position}", name, 0.0)
                    self.take(given, _host(raw[position]), origin)
        value = _host(out)
        taken = self.take(_Entry("value", name, _rounding(raw, value)), value, origin)
        chosen = _as_taken(out, value, taken)
        if node is not None and chosen is not out:
            node.kept = tuple(chosen if kept is out else kept for kept in node.kept)
        return chosen

    def _is_new(self, leaf: Leaf) -> bool:
        """Whether a parameter was not met before, or was written to since."""
        before = self._written.get(leaf)
        self._written[leaf] = leaf.overwritten
        return before != leaf.overwritten

    def pull(
        self,
        node: Node,
        g: Any,
        table: dict[AnyNode, Any],
        wanted: Callable[[AnyNode], bool] | None,
        create_graph: bool,
    ) -> None:
        """Pull the gradient ``g`` through a node, and look at what each input gets."""
        own: dict[AnyNode, Any] = {}
        self._pulling += 1
        try:
            node.primitive.pull(node, g, own, wanted, create_graph)
        finally:
            self._pulling -= 1
        self._pulled = True
        for parent, gradient in own.items():
            array = _raw(gradient)
            if type(array) in NAMESPACES:
                what = f"gradient in argument {node.parents.index(parent)}"
                value = _host(array)
                entry = _Entry(what, node.primitive.name, _rounding([_raw(g)], value))
                taken = self.take(entry, value, getattr(node, "origin", None))
                gradient = _with_data(gradient, _as_taken(array, value, taken))
            before = table.get(parent)
            table[parent] = gradient if before is None else before + gradient


class _Comparer(_Recorder):
    """The watch of the second run: reads what the first one wrote, and ends at a difference."""

    def __init__(
        self, file: IO[bytes], steps: int | None, expected: list[_Entry], rtol: float | None
    ) -> None:
        super().__init__(file, steps)
        self.expected = expected
        self.rtol = rtol
        self.largest = 0.0
        self.difference: BackendDifference | None = None

    def take(self, entry: _Entry, array: HostArray, origin: Origin | None) -> HostArray:
        if len(self.entries) == len(self.expected):
            self._differs(entry, origin, "the first run had ended here")
        before = self.expected[len(self.entries)]
        if before[:2] != entry[:2]:
            self._differs(
                entry, origin, f"the first run has the {before.what} of {before.operation} here"
            )
        other: HostArray = np.load(self.file, allow_pickle=False)
        if (other.shape, other.dtype) != (array.shape, array.dtype):
            self._differs(
                entry,
                origin,
                f"shape {array.shape}, {array.dtype} instead of {other.shape}, {other.dtype}",
            )
        tolerance = TOLERANCES.get(array.dtype.name, 0.0)
        if array.dtype.kind == "f" and self.rtol is not None:
            tolerance = self.rtol
        scale = _largest(other)
        allowed = tolerance * scale + before.rounding
        apart = _apart(other, array)
        largest = float(apart.max(initial=0.0))
        if not largest <= allowed:
            at = tuple(int(n) for n in np.unravel_index(int(apart.argmax()), apart.shape))
            self._differs(
                entry,
                origin,
                f"shape {array.shape}, {array.dtype}, apart by up to {largest:.3g} where "
                f"{allowed:.2g} is allowed: at {list(at)} it is {array[at]} instead of {other[at]}",
                deviation=largest,
            )
        if scale > 0:
            self.largest = max(self.largest, (largest - before.rounding) / scale)
        self.entries.append(entry)
        return other

    def _differs(
        self, entry: _Entry, origin: Origin | None, how: str, deviation: float = math.inf
    ) -> NoReturn:
        self.difference = BackendDifference(
            operation=entry.operation,
            what=entry.what,
            number=len(self.entries) + 1,
            step=self.step,
            layer=origin.layer if origin else "",
            place=str(origin) if origin else "",
            deviation=deviation,
            how=how,
        )
        raise _Enough

    def report(self, backends: tuple[str, str]) -> BackendComparison:
        """What came out, once the second run has ended."""
        missing = len(self.expected) - len(self.entries)
        if self.difference is None and missing:
            following = self.expected[len(self.entries)]
            with suppress(_Enough):
                self._differs(following, None, "the second run had ended before it")
        return BackendComparison(
            backends=backends,
            results=len(self.entries),
            steps=self.step,
            largest=self.largest,
            difference=self.difference,
        )


def _raw(x: Any) -> Any:
    return x._data if isinstance(x, Boxed) else x


def _with_data(x: Any, data: Any) -> Any:
    """``x``, a raw array or a tensor, around ``data``."""
    return box(data, x._node) if isinstance(x, Boxed) else data


def _as_taken(array: Any, value: HostArray, taken: HostArray) -> Any:
    """``array``, whose entries are ``value``, or one like it with those of ``taken``."""
    if taken is value or np.array_equal(taken, value, equal_nan=value.dtype.kind == "f"):
        return array
    return SEALS[type(array)](backend_of(array).asarray(taken, copy=False))


def _host(array: Any) -> HostArray:
    found: HostArray = np.asarray(backend_of(array).to_numpy(array))
    return found


def _largest(array: HostArray) -> float:
    """The size of the largest finite entry."""
    if array.dtype.kind != "f":
        return 0.0
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def _rounding(inputs: list[Any], out: HostArray) -> float:
    """What rounding may do to entries of ``out`` that come of summing larger ones.

    Each is taken to be the sum of as many numbers as the largest input has entries for it.
    """
    if out.dtype.kind != "f":
        return 0.0
    arrays = [_host(x) for x in inputs if type(x) in NAMESPACES]
    summed = max((x.size for x in arrays), default=1) / max(out.size, 1)
    largest = max(map(_largest, arrays), default=0.0)
    return ROUNDINGS * float(np.finfo(out.dtype).eps) * largest * max(1.0, summed)


def _apart(one: HostArray, other: HostArray) -> HostArray:
    """How far entries are apart; 0 where both are the same NaN or infinity, infinite where not."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    same = (one == other) | ((one != one) & (other != other))
    found: HostArray = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    return found
