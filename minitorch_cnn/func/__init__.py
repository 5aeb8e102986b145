"""Transforms: functions that take a function of tensors and return its derivatives as one.

The names and arguments of ``torch.func``; what it lacks (``value_and_grad``, ``hvp``) follows JAX.
All transforms work on nested tuples, lists and dicts of tensors, nest to any depth, run inside
``no_grad`` too and write to no ``.grad``. May import ``nn`` and what lies below it.
"""

from minitorch_cnn.func.gradients import grad, value_and_grad
from minitorch_cnn.func.jacobians import hessian, jacfwd, jacobian, jacrev
from minitorch_cnn.func.products import hvp, jvp, vjp
from minitorch_cnn.nn.stateless import functional_call

__all__ = [
    "functional_call",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "value_and_grad",
    "vjp",
]
