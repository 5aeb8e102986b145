"""All cases by family: what `make.py` stores and what the tests compare."""

from collections.abc import Mapping, Sequence

from . import (
    activation_cases,
    conv_cases,
    conv_nd_cases,
    loss_cases,
    norm_cases,
    optimizer_cases,
    pool_cases,
    training_cases,
    transform_cases,
)
from .case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "conv": conv_cases.CASES,
    "conv_nd": conv_nd_cases.CASES,
    "pool": pool_cases.CASES,
    "norm": norm_cases.CASES,
    "activation": activation_cases.CASES,
    "loss": loss_cases.CASES,
    "optimizer": optimizer_cases.CASES,
    "training": training_cases.CASES,
    "transform": transform_cases.CASES,
}
