"""What a comparison of two backends says: plain values, and text to read. Imports nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BackendDifference:
    """The first operation of a run whose value or gradient differs between two backends.

    Attributes
    ----------
    operation : str
        Name of the operation.
    what : str
        What of it differs: ``"value"``, ``"gradient in argument 1"``, or ``"argument 1"`` for a
        parameter that differed before the operation used it.
    number : int
        Which result of the run it is, counted from 1.
    step : int
        After how many backward passes, counted from 1.
    layer : str
        Path of the layer it was called in; empty outside of any, and in the outermost one.
    place : str
        File, line and text of the code that called it; empty if unknown.
    deviation : float
        How far the entries are apart at most; infinite if shapes or operations differ.
    how : str
        Shapes and numbers, in words.

    Examples
    --------
    >>> from minitorch_cnn.testing import BackendDifference
    >>> how = "shape (2,), float32, apart by up to 1"
    >>> print(BackendDifference("exp", "value", 7, 1, "0", "net.py, line 3", 1.0, how))
    the value of exp (result 7, step 1) in layer '0': shape (2,), float32, apart by up to 1. Called
    at net.py, line 3
    """

    operation: str
    what: str
    number: int
    step: int
    layer: str
    place: str
    deviation: float
    how: str

    def __str__(self) -> str:
        layer = f" in layer {self.layer!r}" if self.layer else ""
        hint = (
            ". It differed before it was used: what drew it or wrote to it (an initialiser, an "
            "optimiser step) is to blame"
            if self.what.startswith("argument")
            else ""
        )
        place = f". Called at {self.place}" if self.place else ""
        return (
            f"the {self.what} of {self.operation} (result {self.number}, step {self.step}){layer}: "
            f"{self.how}{hint}{place}"
        )


@dataclass(frozen=True)
class BackendComparison:
    """What :func:`compare_backends` found.

    Attributes
    ----------
    backends : tuple of two str
        The one that was taken to be right, and the one that was looked at.
    results : int
        How many values and gradients agree; those before the difference, if there is one.
    steps : int
        In how many steps; one ends with a backward pass.
    largest : float
        The largest deviation among those that agree, relative to the largest entry.
    difference : BackendDifference or None
        The first one.

    Examples
    --------
    >>> from minitorch_cnn.testing import BackendComparison
    >>> report = BackendComparison(("numpy", "cupy"), 120, 3, 2.5e-7, None)
    >>> report.agrees
    True
    >>> report.raise_if_different()
    """

    backends: tuple[str, str]
    results: int
    steps: int
    largest: float
    difference: BackendDifference | None

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        return self.difference is None

    def raise_if_different(self) -> None:
        """Raise an AssertionError that says what differs, if anything does."""
        if self.difference is not None:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        right, other = self.backends
        if self.difference is None:
            return (
                f"compare_backends: {other!r} agrees with {right!r} in {self.results} results of "
                f"operations and gradients, steps: {self.steps}, largest relative deviation "
                f"{self.largest:.1e}"
            )
        return (
            f"compare_backends: {other!r} differs from {right!r} in {self.difference}. All "
            f"{self.results} results before agree, with a largest relative deviation "
            f"of {self.largest:.1e}"
        )
