"""All cases by family: what `make.py` stores and what the tests compare."""

from collections.abc import Mapping, Sequence

from . import (
    activation_cases,
    attention_cases,
    conv_cases,
    conv_nd_cases,
    embedding_cases,
    loss_cases,
    norm_cases,
    optimizer_cases,
    parametrisation_cases,
    pool_cases,
    training_cases,
    vector_cases,
)
from .case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "conv": conv_cases.CASES,
    "conv_nd": conv_nd_cases.CASES,
    "pool": pool_cases.CASES,
    "norm": norm_cases.CASES,
    "activation": activation_cases.CASES,
    "loss": loss_cases.CASES,
    "embedding": embedding_cases.CASES,
    "attention": attention_cases.CASES,
    "vector": vector_cases.CASES,
    "parametrisation": parametrisation_cases.CASES,
    "optimizer": optimizer_cases.CASES,
    "training": training_cases.CASES,
}
