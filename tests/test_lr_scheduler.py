"""Schedules: states, groups, and what is refused.

That their learning rates are PyTorch's is shown with stored values elsewhere.
"""

import json
import math

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.optim import lr_scheduler
from references.scheduler_cases import MAKE, PLATEAU

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "NAdam": {},
    "RAdam": {"betas": (0.9, 0.7)},
    "Adamax": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adagrad": {"lr_decay": 0.1},
    "Adadelta": {},
    "Lion": {},
    "Muon": {},
}
SWITCH, STEPS = 13, 30
"""A new optimiser and schedule go on after so many steps of all."""


def make(name, p, q):
    groups = [{"params": [p]}, {"params": [q], "lr": 0.02}]
    return getattr(optim, name)(groups, **OPTIMIZERS[name])


def schedule_of(name, optimizer):
    if name in PLATEAU:
        return PLATEAU[name](lr_scheduler, optimizer)
    if name.startswith(("CyclicLR", "OneCycleLR")) and not (
        {"momentum", "betas"} & set(optimizer.defaults)
    ):
        return lr_scheduler.OneCycleLR(optimizer, 0.1, STEPS, cycle_momentum=False)
    return MAKE[name](lr_scheduler, optimizer)


def train(name, schedule_name, reload):
    """All values of two parameters and learning rates on the way, of one run or of two."""
    rng = np.random.default_rng(0)
    p, q = nn.Parameter(np.ones((2, 3), np.float32)), nn.Parameter(np.ones((3, 2), np.float32))
    optimizer = make(name, p, q)
    schedule = schedule_of(schedule_name, optimizer)
    path = []
    for step in range(STEPS):
        if reload and step == SWITCH:
            saved = json.loads(json.dumps(schedule.state_dict())), optimizer.state_dict()
            p, q = nn.Parameter(p.detach()), nn.Parameter(q.detach())
            optimizer = make(name, p, q)
            schedule = schedule_of(schedule_name, optimizer)
            optimizer.load_state_dict(saved[1])
            schedule.load_state_dict(saved[0])
        for parameter in (p, q):
            parameter.grad = mt.tensor(rng.standard_normal(parameter.shape).astype(np.float32))
        optimizer.step()
        schedule.step(*(math.cos(step) for _ in range(schedule_name in PLATEAU)))
        path.append([*p.detach().numpy().flat, *q.detach().numpy().flat, *schedule.get_last_lr()])
    return np.array(path)


@pytest.mark.parametrize("schedule_name", [*MAKE, *PLATEAU])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resumed_is_uninterrupted_to_the_bit(name, schedule_name):
    np.testing.assert_array_equal(
        train(name, schedule_name, reload=True), train(name, schedule_name, reload=False)
    )


def sgd(lr=1.0, **options):
    return optim.SGD([nn.Parameter([1.0])], lr=lr, **options)


def test_every_optimizer_is_among_those_resumed():
    assert set(OPTIMIZERS) == {name for name in optim.__all__ if name[0].isupper()} - {
        "ExponentialMovingAverage",
        "GradScaler",
        "Optimizer",
    }


def test_every_schedule_is_among_those_resumed():
    met = {name.partition("-")[0] for name in (*MAKE, *PLATEAU)}
    assert met == set(lr_scheduler.__all__) - {"LRScheduler"}


def test_a_chain_in_a_sequence_restarts_as_a_whole():
    optimizer = sgd()
    chain = lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(optimizer, 0.5, 2), lr_scheduler.ExponentialLR(optimizer, 0.5)]
    )
    warm_up = lr_scheduler.ConstantLR(optimizer, 0.25, 9)
    schedule = lr_scheduler.SequentialLR(optimizer, [warm_up, chain], [2])
    rates = []
    for _ in range(6):
        rates += schedule.get_last_lr()
        schedule.step()
    assert rates == [0.25, 0.25, 0.5, 0.25, 0.25, 0.125]


def test_where_a_schedule_set_out_from_is_saved_with_the_optimizer():
    optimizer, fresh = sgd(), sgd()
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    schedule.step()
    fresh.load_state_dict(optimizer.state_dict())
    assert lr_scheduler.LambdaLR(fresh, lambda step: 1.0).base_lrs == [1.0]


def test_a_schedule_that_is_stepped_by_hand_with_a_tensor():
    optimizer = sgd()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    for loss in (mt.tensor(1.0), mt.tensor(2.0), mt.tensor(math.nan)):
        schedule.step(loss)
    assert schedule.get_last_lr() == [pytest.approx(0.01)]


def test_one_cycle_may_be_told_of_every_batch_and_of_no_more():
    schedule = lr_scheduler.OneCycleLR(sgd(momentum=0.9), 1.0, total_steps=3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match=r"OneCycleLR: step=4; expected 3 steps at most"):
        schedule.step()


def test_groups_keep_their_momentum_when_it_is_not_cycled():
    optimizer = sgd(momentum=0.3)
    lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, cycle_momentum=False).step()
    assert optimizer.param_groups[0]["momentum"] == 0.3


def test_a_state_of_another_schedule_changes_nothing():
    schedule = lr_scheduler.StepLR(sgd(), 3)
    before = schedule.state_dict()
    other = lr_scheduler.ExponentialLR(sgd(), 0.9).state_dict()
    with pytest.raises(ValueError, match=r"StepLR: a state holds .*another schedule's"):
        schedule.load_state_dict(other)
    optimizer = optim.SGD([{"params": [nn.Parameter([1.0])]} for _ in range(2)], lr=0.1)
    two = lr_scheduler.StepLR(optimizer, 3).state_dict()
    with pytest.raises(ValueError, match="for 2 groups, the optimiser has 1"):
        schedule.load_state_dict(two)
    assert schedule.state_dict() == before


def test_a_combined_state_that_does_not_fit_changes_nothing():
    def chain(optimizer, *schedules):
        return lr_scheduler.ChainedScheduler([make(optimizer) for make in schedules])

    def step(optimizer):
        return lr_scheduler.StepLR(optimizer, 3)

    def exponential(optimizer):
        return lr_scheduler.ExponentialLR(optimizer, 0.9)

    schedule = chain(sgd(), step, exponential)
    before = schedule.state_dict()
    other = chain(sgd(), step, step)
    other.step()
    with pytest.raises(ValueError, match="ExponentialLR: a state holds"):
        schedule.load_state_dict(other.state_dict())
    assert schedule.state_dict() == before
    with pytest.raises(ValueError, match="a state of 1 schedules, there are 2"):
        schedule.load_state_dict(chain(sgd(), step).state_dict())


def other_optimizers():
    return lr_scheduler.ChainedScheduler(
        [lr_scheduler.StepLR(sgd(), 3), lr_scheduler.StepLR(sgd(), 3)]
    )


def with_plateau():
    optimizer = sgd()
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
    return lr_scheduler.ChainedScheduler([plateau])


def one(name, *arguments, **options):
    return lambda: getattr(lr_scheduler, name)(sgd(), *arguments, **options)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: lr_scheduler.StepLR(nn.Dense(1, 1), 3), TypeError, "expected an optimiser"),
        (one("StepLR", 0), ValueError, "step_size=0; expected 1 or more"),
        (one("StepLR", 3, last_epoch=4), ValueError, "was never scheduled"),
        (one("LambdaLR", [abs, abs]), ValueError, "one value for each of 1 groups"),
        (one("ConstantLR", 0.0), ValueError, "0 < factor <= 1"),
        (one("LinearLR", 1.5), ValueError, "start_factor=1.5"),
        (one("LinearLR", 0.5, 2.0), ValueError, "end_factor=2.0"),
        (one("CosineAnnealingLR", 0), ValueError, "T_max=0"),
        (one("CosineAnnealingWarmRestarts", 2.5), ValueError, "integers of 1 or more"),
        (one("CosineAnnealingWarmRestarts", 2, 0), ValueError, "T_mult=0"),
        (one("CyclicLR", 0.1, 0.2, mode="square"), ValueError, "mode='square'"),
        (one("OneCycleLR", 0.1), ValueError, "total_steps=None; expected 1 or more, or epochs"),
        (one("OneCycleLR", 0.1, 9, pct_start=2), ValueError, "pct_start=2"),
        (one("OneCycleLR", 0.1, 9, anneal_strategy="x"), ValueError, "'cos', 'linear'"),
        (one("ReduceLROnPlateau", "up"), ValueError, "mode='up'; expected 'min' or 'max'"),
        (one("ReduceLROnPlateau", factor=1.0), ValueError, "factor=1.0; expected below 1"),
        (one("ReduceLROnPlateau", threshold_mode="x"), ValueError, "'rel' or 'abs'"),
        (one("SequentialLR", [], []), ValueError, "one or more"),
        (other_optimizers, ValueError, "schedule 1 is another optimiser's"),
        (with_plateau, ValueError, "step it apart"),
        (
            lambda: lr_scheduler.OneCycleLR(optim.Adagrad([nn.Parameter([1.0])]), 0.1, 9),
            ValueError,
            "Adagrad has no momentum to move; pass cycle_momentum=False",
        ),
        (
            lambda: lr_scheduler.SequentialLR(o := sgd(), [lr_scheduler.StepLR(o, 3)], [5]),
            ValueError,
            "milestones=[5]; expected 0 of them",
        ),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
