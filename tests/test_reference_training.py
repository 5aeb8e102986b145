"""Fifty training steps against PyTorch's: losses, names of the state, and final weights."""

import numpy as np
import pytest

from references import store
from references.case import Results
from references.cases import FAMILIES
from references.library import MinitorchCnn

CASES = FAMILIES["training"]


@pytest.fixture(scope="module", params=CASES, ids=[case.name for case in CASES])
def runs(request: pytest.FixtureRequest) -> tuple[Results, Results]:
    """The run found here and the run stored."""
    case = request.param
    return case.run(MinitorchCnn()), store.load("training")[case.name]


def test_losses_agree(runs: tuple[Results, Results]) -> None:
    found, expected = runs
    np.testing.assert_allclose(
        found["losses"], expected["losses"], rtol=0.0, atol=1e-8, strict=True
    )


def test_state_has_pytorchs_names_and_shapes(runs: tuple[Results, Results]) -> None:
    """Names in order, and the shape of every entry."""
    found, expected = runs
    assert list(found) == list(expected)
    shapes = [key for key in expected if key.endswith(".shape")]
    assert shapes
    for key in shapes:
        assert found[key].tolist() == expected[key].tolist(), key


def test_final_weights_agree(runs: tuple[Results, Results]) -> None:
    found, expected = runs
    for key in expected:
        if key.endswith(".sums"):
            np.testing.assert_allclose(
                found[key], expected[key], rtol=1e-8, atol=1e-8, strict=True, err_msg=key
            )
