"""Checks for gradients, adjoints, kernels and backends: of one's own operations and layers too.

They raise AssertionError with the numbers met, need no test framework and run on every backend. A
gradient at a kink, which nobody can judge, is a warning. Uses the public package; imported by
nothing in it.

>>> import minitorch_cnn as mt
>>> from minitorch_cnn import testing
>>> x = mt.tensor([0.5, 2.0], dtype=mt.float64, requires_grad=True)
>>> testing.check_grads(lambda x: mt.log(x) * x, x)
"""

from minitorch_cnn.testing.agreement import check_adjoint, check_same
from minitorch_cnn.testing.finite_differences import check_grads
from minitorch_cnn.testing.lines import KinkWarning
from minitorch_cnn.testing.parity import compare_backends
from minitorch_cnn.testing.parity_report import BackendComparison, BackendDifference

__all__ = [
    "BackendComparison",
    "BackendDifference",
    "KinkWarning",
    "check_adjoint",
    "check_grads",
    "check_same",
    "compare_backends",
]
