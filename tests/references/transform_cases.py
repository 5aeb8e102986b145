"""Cases of transforms: `torch.func` on functions, and on a net by `functional_call`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import Case, Framework, Results, generator, uniform


@dataclass(frozen=True)
class TransformCase:
    """What `compute` makes of a framework and of tensors of the given shapes.

    It returns tensors in nested tuples, lists and dicts; they are recorded by their place in it.
    """

    name: str
    compute: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        tensors = [framework.tensor(uniform(*shape)(rng)) for shape in self.shapes]
        return {
            place: framework.numpy(tensor)
            for place, tensor in places(self.compute(framework, *tensors), "output")
        }


def places(tree: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, (tuple, list, dict)):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, value in items:
            yield from places(value, f"{place}.{key}")
    else:
        yield place, tree


def smooth(framework: Framework) -> Callable[..., Any]:
    """A scalar function of a dict of parameters and an input."""

    def f(p: Any, x: Any) -> Any:
        hidden = framework.functional.gelu(x @ p["w"][0])
        return (framework.functional.softplus(hidden * p["b"]) * hidden).sum()

    return f


def field(framework: Framework) -> Callable[..., Any]:
    """A function with several outputs, of which one does not depend on the first input."""

    def f(x: Any, y: Any) -> Any:
        z = framework.functional.silu(x) @ y
        return {"z": z, "parts": (z.sum() * y, y**2)}

    return f


def pack(w: Any, b: Any) -> Any:
    return {"w": [w], "b": b}


def third(fw: Framework, w: Any, b: Any, x: Any, v: Any) -> Any:
    """The derivative of a Hessian-vector product along the same vector."""

    def product(x: Any) -> Any:
        gradient = fw.func.grad(smooth(fw), argnums=1)
        return fw.func.jvp(lambda x: gradient(pack(w, b), x), (x,), (v,))[1]

    return fw.func.jvp(product, (x,), (v,))


def net(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A transform of the loss of a net, as a function of its parameters."""

    def compute(fw: Framework, *tensors: Any) -> Any:
        nn = fw.nn
        model = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, groups=2),
            nn.BatchNorm2d(4, track_running_stats=False),
            nn.GELU(),
            nn.AvgPool2d(2),
            nn.Conv2d(4, 2, 2, stride=2),
            nn.Tanh(),
            nn.MaxPool2d(2, stride=1),
            nn.Flatten(),
            nn.Linear(2, 3),
        )
        names = [name for name, _ in fw.float64(model).named_parameters()]
        x, *rest = tensors
        parameters = dict(zip(names, rest[: len(names)], strict=True))
        along = dict(zip(names, rest[len(names) :], strict=True))
        target = fw.tensor(np.array([2, 0, 1]))

        def loss(parameters: Any) -> Any:
            scores = fw.func.functional_call(model, parameters, (x,))
            return fw.functional.cross_entropy(scores, target)

        return transform(fw, loss, parameters, along)

    return compute


PARAMETERS = ((4, 1, 3, 3), (4,), (4,), (4,), (2, 4, 2, 2), (2,), (3, 2), (3,))
NET = ((3, 2, 9, 9), *PARAMETERS, *PARAMETERS)
SMOOTH = ((3, 2), (2,), (4, 3))
FIELD = ((2, 3), (3, 2))

CASES: list[Case] = [
    TransformCase("grad", lambda fw, w, b, x: fw.func.grad(smooth(fw))(pack(w, b), x), SMOOTH),
    TransformCase(
        "grad-argnums", lambda fw, w, b, x: fw.func.grad(smooth(fw), (1, 0))(pack(w, b), x), SMOOTH
    ),
    TransformCase(
        "hessian", lambda fw, w, b, x: fw.func.hessian(smooth(fw))(pack(w, b), x), SMOOTH
    ),
    TransformCase(
        "hessian-argnums",
        lambda fw, w, b, x: fw.func.hessian(smooth(fw), (0, 1))(pack(w, b), x),
        SMOOTH,
    ),
    TransformCase("third-derivative", third, (*SMOOTH, (4, 3))),
    TransformCase("jacrev", lambda fw, x, y: fw.func.jacrev(field(fw))(x, y), FIELD),
    TransformCase("jacfwd", lambda fw, x, y: fw.func.jacfwd(field(fw), 1)(x, y), FIELD),
    TransformCase(
        "jacrev-argnums", lambda fw, x, y: fw.func.jacrev(field(fw), (1, 0))(x, y), FIELD
    ),
    TransformCase(
        "jvp", lambda fw, x, y, u, v: fw.func.jvp(field(fw), (x, y), (u, v)), FIELD + FIELD
    ),
    TransformCase(
        "vjp",
        lambda fw, x, y, u, v, w: fw.func.vjp(field(fw), x, y)[1]({"z": u, "parts": (v, w)}),
        (*FIELD, (2, 2), (3, 2), (3, 2)),
    ),
    TransformCase("net-grad", net(lambda fw, loss, p, v: fw.func.grad(loss)(p)), NET),
    TransformCase("net-jvp", net(lambda fw, loss, p, v: fw.func.jvp(loss, (p,), (v,))), NET),
    TransformCase(
        "net-hvp", net(lambda fw, loss, p, v: fw.func.jvp(fw.func.grad(loss), (p,), (v,))), NET
    ),
]
