"""Cases of `nn.utils`: parametrised layers in training, clipped gradients, flat parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .case import (
    Case,
    Draw,
    Framework,
    Results,
    described,
    drawn_state,
    generator,
    load_state,
    uniform,
)

Parametrise = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class ParametrisedCase:
    """A layer, parametrised and trained for some steps, then made plain again.

    Recorded are the state after parametrising, every step's output, gradients and parameters, and
    the state at the end, with its names in order.
    """

    name: str
    layer: Callable[[Any], Any]
    parametrise: Parametrise
    input: Draw
    removal: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 3

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        module = framework.float64(self.layer(framework.nn))
        load_state(framework, module, drawn_state(module, rng))
        module = self.parametrise(framework.nn, module)
        optimizer = framework.optim.SGD(module.parameters(), lr=0.1)
        results = state_of(framework, module, "before")
        for step in range(self.steps):
            optimizer.zero_grad()
            output = module(framework.tensor(self.input(rng)))
            output.backward(framework.tensor(uniform(*output.shape)(rng)))
            results[f"{step}.output"] = framework.numpy(output)
            results[f"{step}.weight"] = framework.numpy(module.weight)
            for key, parameter in module.named_parameters():
                results[f"{step}.{key}.grad"] = framework.numpy(parameter.grad)
            optimizer.step()
        results |= state_of(framework, module, "trained")
        remove = framework.nn.utils.parametrize.remove_parametrizations
        remove(module, "weight", **self.removal)
        return results | state_of(framework, module, "plain")


def state_of(framework: Framework, module: Any, when: str) -> Results:
    return {f"{when}.{key}": framework.numpy(value) for key, value in module.state_dict().items()}


def weight_norm(**options: Any) -> Parametrise:
    return lambda nn, module: nn.utils.parametrizations.weight_norm(module, **options)


def spectral_norm(**options: Any) -> Parametrise:
    """Started from vectors of equal entries rather than drawn ones."""

    def parametrise(nn: Any, module: Any) -> Any:
        module = nn.utils.parametrizations.spectral_norm(module, **options)
        state = module.state_dict()
        for key, value in state.items():
            if key.endswith(("_u", "_v")):
                state[key] = (value * 0 + 1) / len(value) ** 0.5
        module.load_state_dict(state)
        return module

    return parametrise


def registered(*makers: Callable[[Any], Any]) -> Parametrise:
    def parametrise(nn: Any, module: Any) -> Any:
        for make in makers:
            nn.utils.parametrize.register_parametrization(module, "weight", make(nn))
        return module

    return parametrise


def symmetric(nn: Any) -> Any:
    class Symmetric(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return (x + x.T) / 2

    return Symmetric()


def exponential(nn: Any) -> Any:
    class Exponential(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.exp() - 1

        def right_inverse(self, y: Any) -> Any:
            return (y + 1).log()

    return Exponential()


def product_of_two(nn: Any) -> Any:
    class Product(nn.Module):  # type: ignore[misc]
        def forward(self, a: Any, b: Any) -> Any:
            return a * b

        def right_inverse(self, y: Any) -> Any:
            return y * 0.5, y * 0 + 2

    return Product()


def parametrised_cases() -> list[Case]:
    cases: list[Case] = [
        ParametrisedCase(
            f"weight_norm-{name}-{described(options)}", layer, weight_norm(**options), draw
        )
        for name, layer, draw, choices in (
            (
                "Linear",
                lambda nn: nn.Linear(3, 2),
                uniform(4, 3),
                ({}, {"dim": 1}, {"dim": None}, {"dim": -1}),
            ),
            ("Linear-plain", lambda nn: nn.Linear(3, 1, bias=False), uniform(4, 3), ({},)),
            ("Conv1d", lambda nn: nn.Conv1d(2, 3, 2), uniform(2, 2, 5), ({}, {"dim": 2})),
            ("Conv2d", lambda nn: nn.Conv2d(2, 3, 2), uniform(2, 2, 3, 4), ({}, {"dim": 1})),
        )
        for options in choices
    ]
    for name, layer, draw, options in (
        ("Linear", lambda nn: nn.Linear(3, 2), uniform(4, 3), {}),
        ("Linear", lambda nn: nn.Linear(3, 2), uniform(4, 3), {"dim": 1, "n_power_iterations": 3}),
        ("Conv2d", lambda nn: nn.Conv2d(2, 3, 2), uniform(2, 2, 3, 4), {}),
        ("Conv2d", lambda nn: nn.Conv2d(2, 3, 2), uniform(2, 2, 3, 4), {"dim": -1}),
    ):
        cases.append(
            ParametrisedCase(
                f"spectral_norm-{name}-{described(options)}", layer, spectral_norm(**options), draw
            )
        )
    square = uniform(4, 3)
    for name, makers, removal in (
        ("symmetric", (symmetric,), {}),
        ("symmetric-original", (symmetric,), {"leave_parametrized": False}),
        ("exponential", (exponential,), {}),
        ("exponential-original", (exponential,), {"leave_parametrized": False}),
        ("both", (exponential, symmetric), {}),
        ("two-originals", (product_of_two,), {}),
        ("two-originals-both", (product_of_two, symmetric), {}),
    ):
        cases.append(
            ParametrisedCase(name, lambda nn: nn.Linear(3, 3), registered(*makers), square, removal)
        )
    return cases


@dataclass(frozen=True)
class ClippingCase:
    """Gradients of three parameters, one without, clipped by a function of `nn.utils`."""

    name: str
    function: str
    options: Mapping[str, Any]
    scale: float = 1.0

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        parameters = [
            framework.nn.Parameter(framework.tensor(uniform(*shape)(rng)))
            for shape in ((2, 3), (4,), (), (2,))
        ]
        for parameter in parameters[:3]:
            parameter.grad = framework.tensor(self.scale * uniform(*parameter.shape)(rng))
        answer = getattr(framework.nn.utils, self.function)(parameters, **self.options)
        results = {
            f"{index}.grad": framework.numpy(parameter.grad)
            for index, parameter in enumerate(parameters[:3])
        }
        return results if answer is None else results | {"norm": framework.numpy(answer)}


def clipping_cases() -> list[Case]:
    return [
        *(
            ClippingCase(f"clip_grad_norm_-{described(options)}", "clip_grad_norm_", options)
            for options in (
                {"max_norm": 0.5},
                {"max_norm": 50.0},
                {"max_norm": 0.0},
                {"max_norm": 0.5, "norm_type": 1.0},
                {"max_norm": 0.5, "norm_type": 3.0},
                {"max_norm": 0.5, "norm_type": float("inf")},
            )
        ),
        ClippingCase("clip_grad_norm_-zeros", "clip_grad_norm_", {"max_norm": 1.0}, 0.0),
        ClippingCase("clip_grad_value_", "clip_grad_value_", {"clip_value": 0.3}),
        ClippingCase("clip_grad_value_-zero", "clip_grad_value_", {"clip_value": 0.0}),
    ]


@dataclass(frozen=True)
class FlatCase:
    """Parameters as one vector, with its gradient, and another vector as parameters."""

    name: str

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        module = framework.float64(framework.nn.Linear(3, 2))
        load_state(framework, module, drawn_state(module, rng))
        vector = framework.nn.utils.parameters_to_vector(module.parameters())
        vector.backward(framework.tensor(uniform(*vector.shape)(rng)))
        new = framework.tensor(uniform(*vector.shape)(rng))
        results = {"vector": framework.numpy(vector)}
        for key, parameter in module.named_parameters():
            results[f"{key}.grad"] = framework.numpy(parameter.grad)
        framework.nn.utils.vector_to_parameters(new, module.parameters())
        return results | state_of(framework, module, "new")


CASES: list[Case] = [*parametrised_cases(), *clipping_cases(), FlatCase("parameters_to_vector")]
