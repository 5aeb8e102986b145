"""Cases of schedules: what learning rates and momenta come of them over 200 steps."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import Framework, Results

STEPS = 200


@dataclass(frozen=True)
class SchedulerCase:
    """An optimiser of two groups under a schedule: recorded are its settings at every step.

    `make` gives the schedule from the names of the framework and an optimiser.
    """

    name: str
    make: Callable[[Any, Any], Any]
    optimizer: str = "SGD"

    def run(self, framework: Framework) -> Results:
        optimizer, schedule = self.start(framework)
        rates, momenta = [], []
        for step in range(STEPS):
            groups = optimizer.param_groups
            rates.append([float(group["lr"]) for group in groups])
            momenta.append(
                [float(group.get("betas", [group.get("momentum")])[0]) for group in groups]
            )
            optimizer.step()
            self.move(schedule, step)
        return {"rates": np.array(rates), "momenta": np.array(momenta)}

    def start(self, framework: Framework) -> tuple[Any, Any]:
        parameters = [framework.nn.Parameter(framework.tensor(np.ones(2))) for _ in range(2)]
        groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.02}]
        options = {"lr": 0.3} if self.optimizer == "Adam" else {"lr": 0.3, "momentum": 0.7}
        optimizer = getattr(framework.optim, self.optimizer)(groups, **options)
        return optimizer, self.make(framework.optim.lr_scheduler, optimizer)

    def move(self, schedule: Any, step: int) -> None:
        schedule.step()


class PlateauCase(SchedulerCase):
    """... that is told a figure, which falls and rises."""

    def move(self, schedule: Any, step: int) -> None:
        schedule.step(3.0 + 2 * math.cos(step / 17) - step / 100 + 0.2 * math.sin(1.7 * step))


class FractionCase(SchedulerCase):
    """... that is told fractions of epochs."""

    def move(self, schedule: Any, step: int) -> None:
        schedule.step((step + 1) / 4)


def _chained(s: Any, o: Any) -> Any:
    return s.ChainedScheduler(
        [s.LinearLR(o, 0.1, 1.0, 20), s.CosineAnnealingLR(o, 150), s.ExponentialLR(o, 0.99)]
    )


def _sequential(s: Any, o: Any) -> Any:
    first, second = s.LinearLR(o, 0.1, 1.0, 20), s.CosineAnnealingLR(o, 100, 0.01)
    return s.SequentialLR(o, [first, second, s.StepLR(o, 7, 0.5)], [20, 130])


def _sequence_of_others(s: Any, o: Any) -> Any:
    parts = [s.ConstantLR(o, 0.5, 30), s.ExponentialLR(o, 0.97), s.PolynomialLR(o, 40, 2.0)]
    return s.SequentialLR(
        o, [*parts, s.CosineAnnealingWarmRestarts(o, 10, 2, 0.001)], [10, 70, 120]
    )


MAKE: dict[str, Callable[[Any, Any], Any]] = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda step: 1 / (1 + 0.1 * step)),
    "LambdaLR-each": lambda s, o: s.LambdaLR(o, [lambda t: 0.95**t, lambda t: 1 + t % 5]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda step: 1 - 1 / (step + 9)),
    "StepLR": lambda s, o: s.StepLR(o, 30),
    "StepLR-gamma": lambda s, o: s.StepLR(o, 7, gamma=0.8),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [20, 120, 50, 50], gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "ConstantLR-long": lambda s, o: s.ConstantLR(o, factor=0.2, total_iters=60),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "LinearLR-down": lambda s, o: s.LinearLR(o, 1.0, 0.05, 150),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.97),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "PolynomialLR-power": lambda s, o: s.PolynomialLR(o, 170, power=1.7),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 200),
    "CosineAnnealingLR-again": lambda s, o: s.CosineAnnealingLR(o, 33, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 45),
    "CosineAnnealingWarmRestarts-longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, 9, 2, 0.01),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.2, step_size_up=30),
    "CyclicLR-triangular2": lambda s, o: s.CyclicLR(
        o, [0.01, 0.02], [0.2, 0.3], 12, 20, mode="triangular2", cycle_momentum=False
    ),
    "CyclicLR-exp_range": lambda s, o: s.CyclicLR(
        o, 0.01, 0.2, 17, mode="exp_range", gamma=0.99, base_momentum=0.7, max_momentum=0.95
    ),
    "CyclicLR-function": lambda s, o: s.CyclicLR(
        o, 0.01, 0.2, 17, scale_fn=lambda x: 1 / (5 ** (x * 0.0001)), scale_mode="iterations"
    ),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.5, total_steps=200),
    "OneCycleLR-each": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.1], epochs=10, steps_per_epoch=20, anneal_strategy="linear", div_factor=10
    ),
    "OneCycleLR-three-phase": lambda s, o: s.OneCycleLR(
        o, 0.5, total_steps=230, pct_start=0.4, three_phase=True, cycle_momentum=False
    ),
    "ChainedScheduler": _chained,
    "SequentialLR": _sequential,
    "SequentialLR-others": _sequence_of_others,
}
PLATEAU: dict[str, Callable[[Any, Any], Any]] = {
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o),
    "ReduceLROnPlateau-patience": lambda s, o: s.ReduceLROnPlateau(
        o, factor=0.5, patience=3, cooldown=4, min_lr=[0.01, 0.001], threshold=0.02
    ),
    "ReduceLROnPlateau-max": lambda s, o: s.ReduceLROnPlateau(
        o, mode="max", factor=0.7, patience=5, threshold_mode="abs", threshold=0.1, eps=1e-3
    ),
}
CASES = [
    *(SchedulerCase(name, make) for name, make in MAKE.items()),
    *(
        SchedulerCase(f"{name}-betas", MAKE[name], optimizer="Adam")
        for name in ("CyclicLR", "OneCycleLR")
    ),
    *(PlateauCase(name, make) for name, make in PLATEAU.items()),
    FractionCase(
        "CosineAnnealingWarmRestarts-fractions", MAKE["CosineAnnealingWarmRestarts-longer"]
    ),
]
