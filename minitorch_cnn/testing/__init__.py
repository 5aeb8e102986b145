"""Checks for gradients, adjoints and kernels: of one's own operations, layers and losses too.

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

__all__ = ["KinkWarning", "check_adjoint", "check_grads", "check_same"]
