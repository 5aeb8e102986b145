"""The receipt of one weight's gradient, as a thing to look at: its terms, their sum, and a table.

How the terms are found is in ``explain``. May import ``tensor`` and what lies below it.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minitorch_cnn.tensor import Tensor

SHOWN = 12
"""Terms that a table shows before it says how many more there are."""

Row = tuple[str, ...]


class Term(NamedTuple):
    """One of the products that add up to a gradient.

    Attributes
    ----------
    operation : str
        What uses the weight there.
    argument : int
        Which argument of the operation the weight is.
    position : tuple of int
        Where in the result of the operation.
    input : float
        How the result at ``position`` changes with the weight: for a product, the other factor.
    upstream : float
        The gradient that arrives at ``position``.
    backward_pass : int
        Which of the passes that add up in ``.grad``, counted from 1.
    product : float
        ``input * upstream``: what this term adds to the gradient.
    """

    operation: str
    argument: int
    position: tuple[int, ...]
    input: float
    upstream: float
    backward_pass: int = 1

    @property
    def product(self) -> float:
        """``input * upstream``: what this term adds to the gradient."""
        return self.input * self.upstream


@dataclass(frozen=True, eq=False, repr=False)
class GradientReceipt:
    """The terms of one weight's gradient beside the engine's number; prints as a table.

    Attributes
    ----------
    parameter : Tensor
    index : tuple of int
        Which of its entries.
    terms : tuple of Term
        Also what iterating over the receipt gives.
    gradient : float
        The engine's number.
    """

    parameter: Tensor
    index: tuple[int, ...]
    terms: tuple[Term, ...]
    gradient: float

    @property
    def total(self) -> float:
        """The sum of all products; the engine's number up to rounding."""
        products = [term.product for term in self.terms]
        return math.fsum(products) if all(map(math.isfinite, products)) else sum(products)

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms)

    def __str__(self) -> str:
        head, *rows = self._rows()
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        numbers = len(head) - 3  # the last three columns hold numbers
        lines = [
            "  ".join(
                cell.ljust(width) if column < numbers else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in (head, *rows)
        ]
        width = len(lines[0])
        left = len(self._more())
        lines += [f"... {left:,} more"] if left else []
        sums = [label + value.rjust(width - len(label)) for label, value in self._sums()]
        return "\n".join([self._title(), *lines, "-" * width, *sums])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        left = len(self._more())
        words = len(head) - 3
        lines = [_html_row(head, words, "th"), *(_html_row(row, words, "td") for row in rows)]
        if left:
            lines.append(_html_row((f"... {left:,} more", *("",) * (len(head) - 1)), words, "td"))
        for label, value in self._sums():
            lines.append(_html_row((label, *("",) * (len(head) - 2), value), words, "th"))
        return f"<table><caption>{html.escape(self._title())}</caption>{''.join(lines)}</table>"

    def _title(self) -> str:
        shape = self.parameter.shape
        return f"gradient of weight {list(self.index)} of {shape}" if shape else "gradient"

    def _more(self) -> Sequence[Term]:
        """The terms that a table leaves out; never a single one."""
        return self.terms[SHOWN:] if len(self.terms) > SHOWN + 1 else ()

    def _rows(self) -> list[Row]:
        """The head of the table and the rows it shows."""
        shown = self.terms[: len(self.terms) - len(self._more())]
        several = len({term.backward_pass for term in self.terms}) > 1
        uses = {(term.operation, term.argument) for term in self.terms}
        ambiguous = len(uses) > len({operation for operation, _ in uses})
        first = ["pass"] if several else []
        rows: list[Row] = [
            (*first, "operation", "position", "input", "upstream", "input * upstream")
        ]
        for term in shown:
            which = f", argument {term.argument}" if ambiguous else ""
            rows.append(
                (
                    *([str(term.backward_pass)] if several else []),
                    term.operation + which,
                    str(list(term.position)),
                    _number(term.input),
                    _number(term.upstream),
                    _number(term.product),
                )
            )
        return rows

    def _sums(self) -> list[tuple[str, str]]:
        """What stands under the line."""
        count = len(self.terms)
        return [
            (f"sum of {count} term{'' if count == 1 else 's'}", _number(self.total)),
            ("engine", _number(self.gradient)),
            ("difference", f"{self.total - self.gradient:.2g}"),
        ]


def _number(x: float) -> str:
    return f"{x + 0.0:.6g}"  # no minus before a zero


def _html_row(row: Row, words: int, tag: str) -> str:
    """A row of a table: some cells with words at the left, then numbers at the right."""
    cells = [
        f'<{tag} style="text-align:{"left" if column < words else "right"}">'
        f"{html.escape(cell)}</{tag}>"
        for column, cell in enumerate(row)
    ]
    return f"<tr>{''.join(cells)}</tr>"
