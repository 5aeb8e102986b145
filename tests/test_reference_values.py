"""Values and gradients against PyTorch's, for every stored case but whole nets and trainings."""

from functools import cache

import numpy as np
import pytest

from references import store
from references.case import Case, Results, generator, uniform
from references.cases import FAMILIES
from references.library import MinitorchCnn

stored = cache(store.load)

CASES = [
    pytest.param(family, case, id=f"{family}-{case.name}")
    for family, cases in FAMILIES.items()
    if family not in ("training", "nets")
    for case in cases
]


# PyTorch's gradients have a constant rounded to float32: 1/6 of hardsigmoid, 1/alpha of celu.
RTOL_BY_FUNCTION = dict.fromkeys(("hardsigmoid", "Hardsigmoid", "celu", "CELU"), 1e-7)


def assert_close(found: Results, expected: Results, rtol: float = 1e-10) -> None:
    """The same quantities, in the same order, of the same shapes and types, with equal values."""
    assert list(found) == list(expected)
    for quantity, values in expected.items():
        scale = np.max(np.abs(values), initial=1.0, where=np.isfinite(values))
        np.testing.assert_allclose(
            found[quantity], values, rtol=rtol, atol=1e-12 * scale, strict=True, err_msg=quantity
        )


@pytest.mark.parametrize(("family", "case"), CASES)
def test_agrees_with_pytorch(family: str, case: Case) -> None:
    rtol = RTOL_BY_FUNCTION.get(case.name.partition("-")[0], 1e-10)
    assert_close(case.run(MinitorchCnn()), stored(family)[case.name], rtol)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_is_stored(family: str) -> None:
    """... and nothing else is: the values were made from just these tables."""
    assert list(stored(family)) == [case.name for case in FAMILIES[family]]


def test_inputs_are_drawn_as_when_the_values_were_made() -> None:
    """If this fails, NumPy's random stream has changed and all references are to be made anew."""
    drawn = uniform(3)(generator("reference"))
    np.testing.assert_array_equal(
        drawn, [0.30092093796851205, -0.428758133584751, 0.7735412301159317]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": np.ones((2, 1))},
        {"output": np.ones(2, dtype=np.float32)},
        {"output": np.array([1.0, 1.0 + 1e-9])},
        {"output": np.ones(2), "input.grad": np.ones(2)},
        {},
    ],
    ids=["shape", "dtype", "value", "superfluous", "missing"],
)
def test_comparison_fails_on_a_difference(wrong: Results) -> None:
    assert_close({"output": np.ones(2)}, {"output": np.ones(2)})
    with pytest.raises(AssertionError):
        assert_close(wrong, {"output": np.ones(2)})
