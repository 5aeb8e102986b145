"""The ledger as a thing to look at: its rows, their totals, and a table of both.

May import ``field``; how the rows are found is in ``run``.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from minitorch_cnn.ledger.field import ReceptiveField

Shape = tuple[int, ...]
Cells = tuple[str, ...]

HEAD: Cells = (
    *("layer", "shape", "links", "weights", "reuse", "MACs", "FLOPs"),
    *("output", "params", "field", "jump", "offset"),
)
WORDS = 2
"""Columns at the left that hold words; the others hold numbers."""

NEAR = 2
"""Columns at the right that stand close to the one before, with which they belong."""


@dataclass(frozen=True)
class SummaryRow:
    """One call of a layer; what the numbers mean is said at :func:`minitorch_cnn.summary`.

    Attributes
    ----------
    path : str
        The dotted name of the layer, "" for the model itself.
    type : str
        The name of its class.
    output_shape : tuple of int, or None
        Without the batch axis. Of several outputs the first one's; None if it was not called.
    links : int or None
    weights : int
        Free parameters of the layer.
    new_weights : int
        Of these, those that stand in no row above: what adds up to the total.
    trainable_weights : int
        Of the new ones, those that are not frozen.
    macs : int or None
    activation_bytes, parameter_bytes : int
        Of all outputs; of the new weights.
    receptive_field : ReceptiveField or None
    """

    path: str
    type: str
    output_shape: Shape | None
    links: int | None
    weights: int
    new_weights: int
    trainable_weights: int
    macs: int | None
    activation_bytes: int
    parameter_bytes: int
    receptive_field: ReceptiveField | None

    @property
    def flops(self) -> int | None:
        """``2 * macs``: each is a multiplication and an addition."""
        return None if self.macs is None else 2 * self.macs

    @property
    def reuse(self) -> float | None:
        """Links per weight; None without links or weights."""
        return self.links / self.weights if self.links is not None and self.weights else None


@dataclass(frozen=True)
class SummaryTotal:
    """What the rows add up to; every weight counts once.

    Attributes
    ----------
    links, weights, trainable_weights, macs, activation_bytes, parameter_bytes : int
    reuse : float or None
        Links per weight, of the layers that have both.
    unknown_macs : int
        Number of rows whose multiply-accumulates are not known, and not in ``macs``.
    """

    links: int
    weights: int
    trainable_weights: int
    reuse: float | None
    macs: int
    activation_bytes: int
    parameter_bytes: int
    unknown_macs: int

    @property
    def flops(self) -> int:
        """``2 * macs``."""
        return 2 * self.macs

    @classmethod
    def of(cls, rows: Sequence[SummaryRow]) -> SummaryTotal:
        """The sums over ``rows``."""
        linked = [row for row in rows if row.links is not None and row.weights]
        weights = sum(row.new_weights for row in linked)
        return cls(
            links=sum(row.links or 0 for row in rows),
            weights=sum(row.new_weights for row in rows),
            trainable_weights=sum(row.trainable_weights for row in rows),
            reuse=sum(row.links or 0 for row in linked) / weights if weights else None,
            macs=sum(row.macs or 0 for row in rows),
            activation_bytes=sum(row.activation_bytes for row in rows),
            parameter_bytes=sum(row.parameter_bytes for row in rows),
            unknown_macs=sum(row.macs is None and row.output_shape is not None for row in rows),
        )


@dataclass(frozen=True, repr=False)
class Summary:
    """The ledger of a model, made by :func:`minitorch_cnn.summary`; prints as a table.

    Attributes
    ----------
    rows : tuple of SummaryRow
        In the order in which layers were called; also what iterating over it gives.
    total : SummaryTotal
    input_shapes : tuple of tuple of int
        Without the batch axis.
    """

    rows: tuple[SummaryRow, ...]
    total: SummaryTotal
    input_shapes: tuple[Shape, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[SummaryRow]:
        return iter(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """All numbers in dicts and lists, ready for ``json.dumps``."""
        return {
            "input_shapes": [list(shape) for shape in self.input_shapes],
            "layers": [_plain(row, ("flops", "reuse")) for row in self.rows],
            "total": _plain(self.total, ("flops",)),
        }

    def __str__(self) -> str:
        table = [HEAD, *map(_cells, self.rows), self._total_cells()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [_line(cells, widths) for cells in table]
        rule = "-" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shapes = ", ".join(_shape(shape) for shape in self.input_shapes)
        lines = [_html_row(HEAD, "th")]
        lines += [_html_row(_cells(row), "td") for row in self.rows]
        lines.append(_html_row(self._total_cells(), "th"))
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        caption = html.escape(f"one picture of {shapes}")
        return f"<table><caption>{caption}</caption>{''.join(lines)}</table>{notes}"

    def _total_cells(self) -> Cells:
        total = self.total
        return (
            *("total", "", f"{total.links:,}", f"{total.weights:,}", _reuse(total.reuse)),
            *(f"{total.macs:,}", f"{total.flops:,}"),
            *(_bytes(total.activation_bytes), _bytes(total.parameter_bytes)),
            *("", "", ""),
        )

    def _notes(self) -> list[str]:
        """What stands below the table where it is needed."""
        notes = []
        frozen = self.total.weights - self.total.trainable_weights
        if frozen:
            notes.append(f"{frozen:,} of the weights are frozen")
        if any(row.new_weights < row.weights for row in self.rows):
            notes.append("weights in brackets stand in a row above, and count once")
        if self.total.unknown_macs:
            number = self.total.unknown_macs
            notes.append(f"without the MACs of {number} layer{'s'[: number > 1]}: not known")
        if any(row.output_shape is None for row in self.rows):
            notes.append("layers without an output were not called, or hold weights for others")
        return notes


def _cells(row: SummaryRow) -> Cells:
    weights = f"{row.weights:,}"
    if row.new_weights < row.weights:
        weights = f"({weights})"
    field = row.receptive_field
    seen: Cells = ("-", "-", "-")
    if field is not None and field.whole:
        seen = ("all", "-", "-")
    elif field is not None:
        seen = (_each(field.size), _each(field.jump), _each(field.offset))
    return (
        f"{row.path} {row.type}".strip(),
        "-" if row.output_shape is None else _shape(row.output_shape),
        _count(row.links),
        weights if row.weights else "-",
        _reuse(row.reuse),
        _count(row.macs, zero="-"),
        _count(row.flops, zero="-"),
        _bytes(row.activation_bytes),
        _bytes(row.parameter_bytes),
        *seen,
    )


def _line(cells: Cells, widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if column < WORDS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return " ".join(["  ".join(padded[:-NEAR]), *padded[-NEAR:]]).rstrip()


def _shape(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _count(number: int | None, zero: str = "0") -> str:
    return "-" if number is None else f"{number:,}" if number else zero


def _reuse(number: float | None) -> str:
    return "-" if number is None else f"{number:,.1f}".removesuffix(".0")


def _bytes(number: int) -> str:
    """Two digits or three, in steps of 1000."""
    if number == 0:
        return "-"
    units = ["B", "kB", "MB", "GB", "TB"]
    size = float(number)
    while size >= 999.5 and len(units) > 1:
        size, _ = size / 1000, units.pop(0)
    return f"{size:.1f} {units[0]}" if size < 9.95 and size % 1 else f"{size:.0f} {units[0]}"


def _each(numbers: tuple[float, ...] | None) -> str:
    """One number for all dimensions, or one for each."""
    if numbers is None:
        return "-"
    shown = [f"{number:g}" for number in numbers]
    return shown[0] if len(set(shown)) == 1 else "x".join(shown)


def _plain(record: Any, properties: tuple[str, ...]) -> dict[str, Any]:
    """A dataclass as a dict, with some of its properties, tuples as lists."""
    values = asdict(record) | {name: getattr(record, name) for name in properties}
    return {name: _lists(value) for name, value in values.items()}


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _html_row(cells: Cells, tag: str) -> str:
    parts = [
        f'<{tag} style="padding:.1em .5em;text-align:{"left" if column < WORDS else "right"}">'
        f"{html.escape(cell)}</{tag}>"
        for column, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(parts)}</tr>"
