"""All cases by family: what `make.py` stores and what the tests compare."""

from collections.abc import Mapping, Sequence

from . import (
    activation_cases,
    conv_cases,
    conv_nd_cases,
    interpolate_cases,
    loss_cases,
    norm_cases,
    optimizer_cases,
    pad_cases,
    pool_cases,
    rearrange_cases,
    sampling_cases,
    training_cases,
    transposed_conv_cases,
)
from .case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "conv": conv_cases.CASES,
    "conv_nd": conv_nd_cases.CASES,
    "transposed_conv": transposed_conv_cases.CASES,
    "rearrange": rearrange_cases.CASES,
    "interpolate": interpolate_cases.CASES,
    "sampling": sampling_cases.CASES,
    "pad": pad_cases.CASES,
    "pool": pool_cases.CASES,
    "norm": norm_cases.CASES,
    "activation": activation_cases.CASES,
    "loss": loss_cases.CASES,
    "optimizer": optimizer_cases.CASES,
    "training": training_cases.CASES,
}
