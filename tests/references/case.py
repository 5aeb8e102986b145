"""The kinds of case: a function, a module, an optimiser and a training run.

A case knows its name, draws its inputs from a generator seeded by that name, and runs on any
`Framework`, so that only results need to be stored. Imports NumPy alone: which cases there are is
written in the tables (`*_cases.py`), how results are stored in `store.py`.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Draw = Callable[[np.random.Generator], Array]
Results = dict[str, Array]


class Framework(Protocol):
    """What a case needs of the library that runs it: its names, and the ways in and out."""

    @property
    def nn(self) -> Any: ...

    @property
    def functional(self) -> Any: ...

    @property
    def optim(self) -> Any: ...

    @property
    def func(self) -> Any: ...

    def tensor(self, array: Array, requires_grad: bool = False) -> Any: ...

    def numpy(self, tensor: Any) -> Array: ...

    def float64(self, module: Any) -> Any: ...

    def concat(self, tensors: Sequence[Any], axis: int) -> Any: ...


class Case(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, framework: Framework) -> Results: ...


def generator(name: str) -> np.random.Generator:
    """The case's own random stream: cases can be added or moved without changing the others."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Draw:
    return lambda rng: np.asarray(low + (high - low) * rng.random(shape))


def labels(classes: int, *shape: int) -> Draw:
    """Class indices. Taken from `random`, whose stream is the one least likely ever to change."""
    return lambda rng: np.asarray(np.floor(classes * rng.random(shape)), dtype=np.int64)


def given(values: Any) -> Draw:
    return lambda rng: np.array(values)


def label(value: Any) -> str:
    """An option's value as it reads in a case's name: (3, 2) is 3x2."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def described(options: Mapping[str, Any]) -> str:
    return "-".join(f"{name}={label(value)}" for name, value in options.items()) or "defaults"


@dataclass(frozen=True)
class FunctionCase:
    """One call of `nn.functional`: its value and its gradients for a random upstream gradient.

    The first argument goes by position, the others and the options by keyword. Floating-point
    arguments are differentiated unless listed as `constants`; arguments listed as `updated` are
    those that the call overwrites, and are recorded after it. Of several results the first has a
    gradient; the others, such as indices, are recorded as constants.
    """

    name: str
    function: str
    arguments: Mapping[str, Draw]
    options: Mapping[str, Any] = field(default_factory=dict)
    constants: Sequence[str] = ()
    updated: Sequence[str] = ()

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        arrays = {name: draw(rng) for name, draw in self.arguments.items()}
        variables = [
            name
            for name, array in arrays.items()
            if array.dtype.kind == "f" and name not in (*self.constants, *self.updated)
        ]
        tensors = {
            name: framework.tensor(array, requires_grad=name in variables)
            for name, array in arrays.items()
        }
        first, *others = tensors
        function = getattr(framework.functional, self.function)
        result = function(
            tensors[first], **{name: tensors[name] for name in others}, **self.options
        )
        output, *constants = result if isinstance(result, tuple) else (result,)
        if variables:
            output.backward(framework.tensor(uniform(*output.shape)(rng)))
        return (
            {"output": framework.numpy(output)}
            | {f"constant{i}": framework.numpy(value) for i, value in enumerate(constants)}
            | {f"{name}.grad": framework.numpy(tensors[name].grad) for name in variables}
            | {name: framework.numpy(tensors[name]) for name in self.updated}
        )


def drawn_state(module: Any, rng: np.random.Generator, **given_values: float) -> dict[str, Array]:
    """A random value for every entry of a module's state, in the entries' order.

    Weights are drawn as PyTorch draws them, uniform within 1/sqrt(fan in), gains and variances
    about 1, and counters are zero; whatever `given_values` names by the last part of its key is
    set to that.
    """
    state = {}
    for key, value in module.state_dict().items():
        shape, part = tuple(value.shape), key.rpartition(".")[2]
        if part == "num_batches_tracked":
            state[key] = np.asarray(given_values.get(part, 0), dtype=np.int64)
        elif part in given_values:
            state[key] = np.full(shape, given_values[part])
        elif part == "running_var" or (part == "weight" and len(shape) == 1):
            state[key] = uniform(*shape, low=0.5, high=1.5)(rng)
        else:
            bound = 1.0 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.5
            state[key] = uniform(*shape, low=-bound, high=bound)(rng)
    return state


def load_state(framework: Framework, module: Any, state: Mapping[str, Array]) -> None:
    module.load_state_dict({key: framework.tensor(array) for key, array in state.items()})


@dataclass(frozen=True)
class ModuleCase:
    """A layer of `nn`, called `steps` times in training mode, then once in evaluation mode.

    Every call is differentiated; recorded are each call's value and gradients and the final state.
    The layer is made with `arguments` and `options`; `targets` are further inputs, for losses, and
    `keywords` goes with every call.
    """

    name: str
    layer: str
    input: Draw
    arguments: Sequence[Any] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    targets: Sequence[Draw] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 1
    state: Mapping[str, float] = field(default_factory=dict)

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        layer = getattr(framework.nn, self.layer)
        module = framework.float64(layer(*self.arguments, **self.options))
        load_state(framework, module, drawn_state(module, rng, **self.state))
        results: Results = {}
        for call in [*(f"train{step}" for step in range(self.steps)), "eval"]:
            module.train() if call != "eval" else module.eval()
            module.zero_grad()
            array = self.input(rng)
            x = framework.tensor(array, requires_grad=array.dtype.kind == "f")
            targets = (framework.tensor(draw(rng)) for draw in self.targets)
            output = module(x, *targets, **self.keywords)
            output.backward(framework.tensor(uniform(*output.shape)(rng)))
            results[f"{call}.output"] = framework.numpy(output)
            if x.requires_grad:
                results[f"{call}.input.grad"] = framework.numpy(x.grad)
            for key, parameter in module.named_parameters():
                results[f"{call}.{key}.grad"] = framework.numpy(parameter.grad)
        for key, value in module.state_dict().items():
            results[f"state.{key}"] = framework.numpy(value)
        return results


@dataclass(frozen=True)
class OptimizerCase:
    """Some parameters under a fixed sequence of gradients: recorded is every parameter's path.

    `groups` lists the parameter groups as (indices of the parameters, options). `lr_changes` sets
    the learning rate of all groups before a step. `reload_at` continues, from that step on, with a
    new optimiser that loaded the old one's state. `missing` parameters get no gradient in every
    third step. Only the steps from `recorded_from` on are recorded.
    """

    name: str
    optimizer: str
    options: Mapping[str, Any]
    groups: Sequence[tuple[Sequence[int], Mapping[str, Any]]] = (((0, 1, 2), {}),)
    lr_changes: Mapping[int, float] = field(default_factory=dict)
    reload_at: int | None = None
    missing: Sequence[int] = ()
    steps: int = 20
    recorded_from: int = 0
    shapes: Sequence[tuple[int, ...]] = ((2, 3), (4,), ())

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        parameters = [
            framework.nn.Parameter(framework.tensor(uniform(*shape)(rng))) for shape in self.shapes
        ]
        optimizer = self._optimizer(framework, parameters)
        paths: list[list[Array]] = [[] for _ in parameters]
        for step in range(self.steps):
            if step == self.reload_at:
                state, optimizer = optimizer.state_dict(), self._optimizer(framework, parameters)
                optimizer.load_state_dict(state)
            for group in optimizer.param_groups:
                group["lr"] = self.lr_changes.get(step, group["lr"])
            optimizer.zero_grad()
            for index, parameter in enumerate(parameters):
                gradient = uniform(*self.shapes[index])(rng)
                if index not in self.missing or step % 3 != 1:
                    (parameter * framework.tensor(gradient)).sum().backward()
            optimizer.step()
            for path, parameter in zip(paths, parameters, strict=True):
                if step >= self.recorded_from:
                    path.append(framework.numpy(parameter).copy())
        return {f"parameter{index}": np.stack(path) for index, path in enumerate(paths)}

    def _optimizer(self, framework: Framework, parameters: Sequence[Any]) -> Any:
        groups = [
            {"params": [parameters[index] for index in indices], **options}
            for indices, options in self.groups
        ]
        chosen = groups if len(groups) > 1 else groups[0]["params"]
        return getattr(framework.optim, self.optimizer)(chosen, **self.options)


@dataclass(frozen=True)
class TrainingCase:
    """Training from drawn weights on a few drawn batches, taken in turn.

    Recorded are the loss of every step and, instead of the final weights, three sums over each of
    them: plain, squared, and weighted at random. The keys also record the names of the state.
    """

    name: str
    build: Callable[[Any], Any]
    loss: Callable[[Any, Any, Any], Any]
    picture: tuple[int, ...]
    optimizer: str
    options: Mapping[str, Any]
    steps: int = 50
    batch_size: int = 8
    batches: int = 2

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        model = framework.float64(self.build(framework.nn))
        load_state(framework, model, drawn_state(model, rng))
        model.train()
        optimizer = getattr(framework.optim, self.optimizer)(model.parameters(), **self.options)
        batches = [
            (
                framework.tensor(uniform(self.batch_size, *self.picture)(rng)),
                framework.tensor(labels(10, self.batch_size)(rng)),
            )
            for _ in range(self.batches)
        ]
        losses = []
        for step in range(self.steps):
            x, y = batches[step % self.batches]
            loss = self.loss(framework.functional, model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.item()))
        results = {"losses": np.array(losses)}
        for key, value in model.state_dict().items():
            array = framework.numpy(value).astype(np.float64)
            results[f"state.{key}.shape"] = np.array(array.shape, dtype=np.int64)
            weighted = array * uniform(*array.shape)(rng)
            results[f"state.{key}.sums"] = np.array(
                [array.sum(), np.square(array).sum(), weighted.sum()]
            )
        return results
