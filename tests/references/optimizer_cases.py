"""Cases of optimisers: each with its options, then groups, schedules, gaps and reloading."""

from typing import Any

from .case import Case, OptimizerCase, described

CHOICES: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {"lr": 0.1},
        {},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.05, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.05},
        {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3},
        {"lr": 0.05, "weight_decay": 0.1},
        {"lr": 0.05, "amsgrad": True, "betas": (0.5, 0.6)},
        {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.05, "betas": (0.0, 0.9)},
    ],
    "AdamW": [
        {},
        {"lr": 0.05},
        {"lr": 0.05, "weight_decay": 0.3, "betas": (0.7, 0.95), "eps": 1e-3},
        {"lr": 0.05, "weight_decay": 0.0},
        {"lr": 0.05, "amsgrad": True, "betas": (0.5, 0.6), "maximize": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.02, "alpha": 0.8, "eps": 1e-3},
        {"lr": 0.02, "weight_decay": 0.1},
        {"lr": 0.02, "momentum": 0.7},
        {"lr": 0.02, "centered": True},
        {"lr": 0.02, "centered": True, "momentum": 0.7, "weight_decay": 0.1, "maximize": True},
    ],
    "NAdam": [
        {},
        {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3, "momentum_decay": 0.02},
        {"lr": 0.05, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3},
        {"lr": 0.05, "betas": (0.9, 0.7)},
        {"lr": 0.05, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "Adamax": [
        {},
        {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-3},
        {"lr": 0.05, "weight_decay": 0.1, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "maximize": True},
    ],
    "Adadelta": [
        {},
        {"lr": 0.5, "rho": 0.7, "eps": 1e-2},
        {"weight_decay": 0.1, "maximize": True},
    ],
}
# One full-featured choice of each, for the cases about everything but the update rule.
TYPICAL: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "Adam": {"lr": 0.05, "amsgrad": True},
    "AdamW": {"lr": 0.05},
    "RMSprop": {"lr": 0.02, "momentum": 0.5, "centered": True},
    "NAdam": {"lr": 0.05},
    "RAdam": {"lr": 0.05, "betas": (0.9, 0.8)},
    "Adamax": {"lr": 0.05},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.05},
    "Adadelta": {"eps": 1e-3},
}
MUON: list[dict[str, Any]] = [
    {},
    {"lr": 0.02, "weight_decay": 0.0, "nesterov": False, "momentum": 0.8},
    {"lr": 0.02, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    {"lr": 0.02, "adjust_lr_fn": "original", "ns_coefficients": (2.0, -1.5, 0.5), "eps": 2.0},
]
"""Its parameters are matrices."""
LONG = 200
"""Steps of one run of each choice, in which errors would grow large enough to be seen."""


def cases() -> list[Case]:
    found: list[Case] = [
        OptimizerCase(f"{optimizer}-{described(options)}", optimizer, options)
        for optimizer, choices in CHOICES.items()
        for options in choices
    ]
    found += [
        OptimizerCase(f"{optimizer}-long", optimizer, options, steps=LONG, recorded_from=LONG - 5)
        for optimizer, options in TYPICAL.items()
    ]
    found += [
        OptimizerCase(
            f"Muon-{described(options)}", "Muon", options, shapes=((2, 3), (5, 2), (3, 3))
        )
        for options in MUON
    ]
    for optimizer, options in TYPICAL.items():
        groups: Any = (((0,), {}), ((2, 1), {"lr": 0.3, "weight_decay": 0.2}))
        changes = {5: 0.2, 12: 0.001}
        found += [
            OptimizerCase(f"{optimizer}-groups", optimizer, options, groups=groups),
            OptimizerCase(f"{optimizer}-lr-changes", optimizer, options, lr_changes=changes),
            OptimizerCase(f"{optimizer}-reloaded", optimizer, options, reload_at=8),
            OptimizerCase(
                f"{optimizer}-groups-reloaded", optimizer, options, groups=groups, reload_at=8
            ),
            OptimizerCase(f"{optimizer}-missing-gradients", optimizer, options, missing=(1, 2)),
        ]
    return found


CASES = cases()
