"""All cases by family: what `make.py` stores and what the tests compare."""

from collections.abc import Mapping, Sequence

from . import (
    activation_cases,
    activation_more_cases,
    conv_cases,
    conv_nd_cases,
    ctc_cases,
    loss_cases,
    loss_more_cases,
    norm_cases,
    optimizer_cases,
    pool_cases,
    training_cases,
)
from .case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "conv": conv_cases.CASES,
    "conv_nd": conv_nd_cases.CASES,
    "pool": pool_cases.CASES,
    "norm": norm_cases.CASES,
    "activation": activation_cases.CASES,
    "activation_more": activation_more_cases.CASES,
    "loss": loss_cases.CASES,
    "loss_more": loss_more_cases.CASES,
    "ctc": ctc_cases.CASES,
    "optimizer": optimizer_cases.CASES,
    "training": training_cases.CASES,
}
