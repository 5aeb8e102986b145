"""Gradients at kinks are those of the table in ``kinks.py``, and no kink is missing from it."""

import pytest

from kinks import KINKS, NAMES, SMOOTH, Kink
from public_operations import PUBLIC, findings

KINKED = {
    *("abs", "ceil", "floor", "max", "max_pool", "maximum", "min", "minimum", "relu", "round"),
    *("sign", "trunc", "where"),
}
"""Primitives that have a kink: what is made of them has one too, or says why not."""


@pytest.mark.parametrize("kink", KINKS, ids=lambda kink: kink.check)
def test_gradient_is_as_written(kink: Kink) -> None:
    assert eval(kink.check, dict(NAMES)) == kink.result


def test_rows_are_of_public_operations() -> None:
    assert {name for kink in KINKS for name in kink.operations} - PUBLIC == set()
    assert set(SMOOTH) - PUBLIC == set()


def test_no_kink_is_missing() -> None:
    written = {name for kink in KINKS for name in kink.operations} | set(SMOOTH)
    kinked = {
        name
        for name, found in findings().items()
        if found.primitives & KINKED and found.order and not name.startswith("Tensor.")
    }
    assert kinked - written == set()
