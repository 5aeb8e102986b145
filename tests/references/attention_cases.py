"""Cases of attention: shapes, every kind of mask, grouped heads; and the layer with its options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from .case import (
    Array,
    Case,
    Draw,
    Framework,
    FunctionCase,
    Results,
    described,
    drawn_state,
    generator,
    given,
    label,
    load_state,
    uniform,
)

NOTHING = -np.inf


def allowed(*shape: int) -> Draw:
    """Booleans of which about two thirds are True."""
    return lambda rng: np.asarray(rng.random(shape) < 0.7)


def qkv(
    query: tuple[int, ...], key: tuple[int, ...], value: tuple[int, ...] | None = None
) -> dict[str, Draw]:
    draws = {"query": query, "key": key, "value": key if value is None else value}
    return {name: uniform(*shape, low=-2.0, high=2.0) for name, shape in draws.items()}


def sdpa(name: str, arguments: Mapping[str, Draw], **options: Any) -> FunctionCase:
    function = "scaled_dot_product_attention"
    return FunctionCase(f"{function}-{name}-{described(options)}", function, arguments, options)


def function_cases() -> list[Case]:
    cases: list[Case] = []
    shapes = [
        ((3, 4), (5, 4), (5, 2)),
        ((1, 1), (1, 1), (1, 1)),
        ((2, 3, 4), (2, 3, 4), (2, 3, 4)),
        ((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 3)),
        ((2, 3, 4), (1, 5, 4), (1, 5, 4)),
        ((3, 1, 2, 4), (2, 5, 4), (2, 5, 4)),
        ((0, 3, 4), (0, 5, 4), (0, 5, 2)),
        ((2, 0, 4), (2, 5, 4), (2, 5, 2)),
    ]
    choices: list[dict[str, Any]] = [{}, {"scale": 0.3}, {"is_causal": True}]
    for (query, key, value), options in product(shapes, choices):
        cases.append(sdpa(label(query) + "," + label(key), qkv(query, key, value), **options))
    tall = qkv((2, 5, 4), (2, 3, 4))
    cases.append(sdpa("more-queries", tall, is_causal=True))
    batch = qkv((2, 2, 3, 4), (2, 2, 5, 4))
    masks: list[tuple[str, Draw]] = [
        ("booleans", allowed(3, 5)),
        ("of-each", allowed(2, 2, 3, 5)),
        ("of-keys", allowed(2, 1, 1, 5)),
        ("one-row", allowed(1, 5)),
        ("blind", given([[True] * 5, [False] * 5, [False, True, False, False, True]])),
        ("all-blind", given(np.zeros((3, 5), bool))),
        ("numbers", uniform(3, 5, low=-3.0, high=3.0)),
        ("numbers-of-heads", uniform(2, 3, 5)),
        ("blind-numbers", given([[0.0] * 5, [NOTHING] * 5, [1.0, NOTHING, 0.5, NOTHING, 0.0]])),
    ]
    for kind, mask in masks:
        cases.append(sdpa(kind, {**batch, "attn_mask": mask}))
    for heads, options in product((1, 2, 4), ({}, {"is_causal": True})):
        grouped = qkv((2, 4, 3, 2), (2, heads, 3, 2))
        cases.append(sdpa(f"grouped{heads}", grouped, enable_gqa=True, **options))
    return cases


@dataclass(frozen=True)
class AttentionCase:
    """`MultiheadAttention`: outputs, weights and all gradients, in training mode.

    `masks` are given by keyword; numbers among them are differentiated.
    """

    name: str
    inputs: Mapping[str, Draw]
    options: Mapping[str, Any]
    masks: Mapping[str, Draw] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)

    def run(self, framework: Framework) -> Results:
        rng = generator(self.name)
        module = framework.float64(framework.nn.MultiheadAttention(4, 2, **self.options))
        load_state(framework, module, drawn_state(module, rng))
        arrays: dict[str, Array] = {
            name: draw(rng) for name, draw in {**self.inputs, **self.masks}.items()
        }
        tensors = {
            name: framework.tensor(array, requires_grad=array.dtype.kind == "f")
            for name, array in arrays.items()
        }
        output, weights = module(**tensors, **self.call)
        loss = (output * framework.tensor(uniform(*output.shape)(rng))).sum()
        results = {"output": framework.numpy(output)}
        if weights is not None:
            loss = loss + (weights * framework.tensor(uniform(*weights.shape)(rng))).sum()
            results["weights"] = framework.numpy(weights)
        loss.backward()
        for name, tensor in [*tensors.items(), *module.named_parameters()]:
            if tensor.requires_grad:
                results[f"{name}.grad"] = framework.numpy(tensor.grad)
        return results


def module_cases() -> list[Case]:
    ordinary = qkv((3, 2, 4), (5, 2, 4))
    first = qkv((2, 3, 4), (2, 5, 4))
    other = qkv((3, 2, 4), (5, 2, 3), (5, 2, 6))
    padding = given([[False, False, True, False, True], [False, True, False, False, False]])
    triangle = given(np.triu(np.ones((3, 5), bool), 1))
    masks = {"key_padding_mask": padding, "attn_mask": triangle}
    choices: list[tuple[dict[str, Draw], dict[str, Any]]] = [
        (ordinary, {}),
        (ordinary, {"bias": False}),
        (first, {"batch_first": True}),
        (other, {"kdim": 3, "vdim": 6}),
        (ordinary, {"add_bias_kv": True}),
        (ordinary, {"add_zero_attn": True}),
        (other, {"kdim": 3, "vdim": 6, "add_bias_kv": True, "add_zero_attn": True}),
    ]
    cases: list[Case] = [
        AttentionCase(
            f"MultiheadAttention-{described(options)}-{'masked' if given_masks else 'plain'}",
            inputs,
            options,
            given_masks,
        )
        for (inputs, options), given_masks in product(choices, ({}, masks))
    ]
    calls: list[tuple[str, dict[str, Draw], dict[str, Draw], dict[str, Any]]] = [
        ("each-head", ordinary, {}, {"average_attn_weights": False}),
        ("no-weights", ordinary, masks, {"need_weights": False}),
        ("unbatched", qkv((3, 4), (5, 4)), {"attn_mask": triangle}, {}),
        ("unbatched-each", qkv((3, 4), (5, 4)), {}, {"average_attn_weights": False}),
        (
            "unbatched-padding",
            qkv((3, 4), (5, 4)),
            {"key_padding_mask": given([False, True, False, False, True])},
            {"need_weights": False},
        ),
        ("numbers", ordinary, {"attn_mask": uniform(3, 5)}, {}),
        ("numbers-of-heads", ordinary, {"attn_mask": uniform(4, 3, 5)}, {}),
        ("number-padding", ordinary, {"key_padding_mask": uniform(2, 5)}, {}),
        ("causal", ordinary, {"attn_mask": triangle}, {"is_causal": True}),
        ("one", qkv((1, 1, 4), (1, 1, 4)), {}, {}),
        ("no-batch", qkv((3, 0, 4), (5, 0, 4)), {}, {}),
    ]
    return [
        *cases,
        *(
            AttentionCase(f"MultiheadAttention-{name}", inputs, {}, given_masks, call)
            for name, inputs, given_masks, call in calls
        ),
    ]


CASES: list[Case] = [*function_cases(), *module_cases()]
