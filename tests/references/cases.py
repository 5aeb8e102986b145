"""All cases by family: what `make.py` stores and what the tests compare."""

from collections.abc import Mapping, Sequence

from . import (
    activation_cases,
    adaptive_pool_cases,
    attention_cases,
    conv_cases,
    conv_nd_cases,
    embedding_cases,
    interpolate_cases,
    loss_cases,
    net_cases,
    norm_cases,
    optimizer_cases,
    pad_cases,
    parametrisation_cases,
    pool_cases,
    pool_corner_cases,
    rearrange_cases,
    sample_norm_cases,
    sampling_cases,
    training_cases,
    transposed_conv_cases,
    unpool_cases,
    vector_cases,
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
    "pool_corner": pool_corner_cases.CASES,
    "adaptive_pool": adaptive_pool_cases.CASES,
    "unpool": unpool_cases.CASES,
    "norm": norm_cases.CASES,
    "sample_norm": sample_norm_cases.CASES,
    "activation": activation_cases.CASES,
    "loss": loss_cases.CASES,
    "embedding": embedding_cases.CASES,
    "attention": attention_cases.CASES,
    "vector": vector_cases.CASES,
    "parametrisation": parametrisation_cases.CASES,
    "optimizer": optimizer_cases.CASES,
    "training": training_cases.CASES,
    "nets": net_cases.CASES,
}
