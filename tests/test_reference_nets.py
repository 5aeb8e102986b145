"""ResNet-18, a U-Net and a MobileNet from the same weights as PyTorch's: values and gradients."""

import numpy as np
import pytest

from references import store
from references.case import Case
from references.cases import FAMILIES
from references.library import MinitorchCnn


@pytest.mark.parametrize("case", FAMILIES["nets"], ids=lambda case: case.name)
def test_agrees_with_pytorch(case: Case) -> None:
    """Loss, scores and all gradients, in training and in evaluation mode, in float64."""
    found, expected = case.run(MinitorchCnn()), store.load("nets")[case.name]
    assert list(found) == list(expected)
    for quantity, values in expected.items():
        scale = np.max(np.abs(values)) + 1e-4  # what is 0 but for rounding has no scale of its own
        np.testing.assert_allclose(
            found[quantity], values, rtol=1e-8, atol=1e-8 * scale, strict=True, err_msg=quantity
        )
