"""Layers and functions take PyTorch's arguments, in its order and with its defaults.

``references/signatures.json`` lists what PyTorch offers; ``references/make_signatures.py`` made it.
"""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from minitorch_cnn import nn

REQUIRED = "required"
PYTORCH = json.loads((Path(__file__).parent / "references/signatures.json").read_text("utf-8"))
OURS = {"nn": nn, "nn.functional": nn.functional}

OWN = {
    "nn": {
        *("Buffer", "Parameter", "functional", "init", "utils"),
        *("Connectivity", "Dense", "StructuredDense", "TiedDense"),
        *("LocallyConnected1d", "LocallyConnected2d", "LocallyConnected3d"),
        *("ConvSetting", "ConvTransposeSetting", "conv_output_size", "conv_transpose_output_size"),
        *("invert_conv", "solve_conv", "solve_conv_transpose"),
        *("tie", "untie"),
    },
    "nn.functional": {"locally_connected1d", "locally_connected2d", "locally_connected3d"},
}
"""What PyTorch has no layer or function for."""

NOT_OFFERED = {
    "recurrent nets and transformers, which are no part of a course on convolution": {
        *("GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"),
        *("Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder"),
        *("TransformerEncoderLayer", "multi_head_attention_forward"),
    },
    "sizes that are found out at the first call": {
        *(f"LazyBatchNorm{n}d" for n in (1, 2, 3)),
        *(f"LazyConv{n}d" for n in (1, 2, 3)),
        *(f"LazyConvTranspose{n}d" for n in (1, 2, 3)),
        *(f"LazyInstanceNorm{n}d" for n in (1, 2, 3)),
        "LazyLinear",
    },
    "several devices": {"DataParallel", "SyncBatchNorm"},
    "deprecated names and what PyTorch itself advises against": {
        *("Container", "NLLLoss2d", "CrossMapLRN2d", "upsample", "upsample_bilinear"),
        *("upsample_nearest", "conv_tbc"),
    },
    "rarely used": {
        *("AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss", "linear_cross_entropy"),
        *("FractionalMaxPool2d", "FractionalMaxPool3d", "fractional_max_pool2d"),
        *("fractional_max_pool3d", "pdist"),
    },
}
"""Why a name of PyTorch's is missing here."""


def offered(part: str) -> set[str]:
    return {name for name in OURS[part].__all__ if not name.startswith("_")}


def described(parameter: inspect.Parameter) -> list[str]:
    default = parameter.default
    return [parameter.name, REQUIRED if default is parameter.empty else repr(default)]


def positional(value: Any) -> list[list[str]]:
    """Parameters by position, with their defaults; what we add is keyword-only."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(value).parameters.values()
    return [described(p) for p in parameters if p.kind in kinds and p.name[0] != "_"]


def keywords(value: Any) -> list[list[str]]:
    parameters = inspect.signature(value).parameters.values()
    return [described(p) for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]


def same(a: list[str], b: list[str]) -> bool:
    """Equal names and defaults, where 1 and 1.0 are equal."""
    if a[0] != b[0]:
        return False
    try:
        return float(a[1]) == float(b[1])
    except ValueError:
        return a[1] == b[1]


CASES = [
    pytest.param(part, name, id=f"{part}.{name}")
    for part, names in PYTORCH.items()
    for name in sorted(offered(part) & set(names))
]


@pytest.mark.parametrize(("part", "name"), CASES)
def test_arguments_are_pytorchs(part: str, name: str) -> None:
    value, expected = getattr(OURS[part], name), PYTORCH[part][name]
    if not expected:  # PyTorch's takes nothing, or anything
        return
    found = positional(value)
    by_keyword = [a for a in keywords(value) if a[0] in [e[0] for e in expected[len(found) :]]]
    found += by_keyword
    assert len(found) == len(expected), (found, expected)
    assert all(map(same, found, expected)), (found, expected)


@pytest.mark.parametrize("part", OURS)
def test_nothing_is_missing_without_a_reason(part: str) -> None:
    excused = set().union(*NOT_OFFERED.values())
    assert set(PYTORCH[part]) - offered(part) - excused == set()


@pytest.mark.parametrize("part", OURS)
def test_no_name_is_excused_that_is_offered(part: str) -> None:
    assert offered(part) & set().union(*NOT_OFFERED.values()) == set()


@pytest.mark.parametrize("part", OURS)
def test_names_of_our_own_are_listed(part: str) -> None:
    assert offered(part) - set(PYTORCH[part]) == OWN[part]


def test_comparison_sees_a_difference() -> None:
    assert same(["p", "1"], ["p", "1.0"])
    assert not same(["p", "1"], ["q", "1"])
    assert not same(["p", "None"], ["p", "0"])
