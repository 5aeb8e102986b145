"""Every name of the standard is offered, with its parameters, or is left out for a reason."""

import inspect
from typing import Any

import numpy as np
import pytest
from standard import ATTRIBUTES, CONSTANTS, DTYPES, FFT, OTHER_DEFAULTS, SIGNATURES, parameters

import minitorch_cnn as mt
from minitorch_cnn import array_api

DECOMPOSITIONS = ["eigh", "eigvalsh", "matrix_rank", "pinv", "qr", "svd", "svdvals"]
COMPLEX = "gradients are those of real numbers: no complex dtypes"
NOT_OFFERED = {
    "complex64": COMPLEX,
    "complex128": COMPLEX,
    "imag": f"of real input the standard asks for an error; {COMPLEX}",
    **dict.fromkeys(
        (
            f"linalg.{n}"
            for n in ("eigh", "eigvalsh", "matrix_rank", "pinv", "qr", "svd", "svdvals")
        ),
        "of an optional extension: derivatives of decompositions blow up where values repeat",
    ),
    **dict.fromkeys((f"fft.{name}" for name in FFT), f"an optional extension; {COMPLEX}"),
}
NAMES = [*SIGNATURES, "imag", *CONSTANTS, *DTYPES, "__array_api_version__"]


OFFERED = [name for name in SIGNATURES if name not in NOT_OFFERED]


def found(name: str) -> Any:
    thing: Any = mt
    for part in name.split("."):
        thing = getattr(thing, part, None)
    return thing


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_OFFERED])
def test_name_is_offered(name: str) -> None:
    assert found(name) is not None or name == "newaxis"


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_what_is_not_offered_is_not_there(name: str) -> None:
    assert found(name) is None


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_tensors_have_the_attribute(name: str) -> None:
    assert hasattr(mt.Tensor, name)


def given(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(found(name)).parameters)


@pytest.mark.parametrize("name", OFFERED)
def test_parameters(name: str) -> None:
    """Whatever call the standard allows is taken: by position, by keyword, or left out."""
    own = given(name)
    by_position = [
        p for p in own.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    for place, wanted in enumerate(parameters(SIGNATURES[name])):
        if wanted.kind is wanted.VAR_POSITIONAL:
            assert wanted.kind in {p.kind for p in own.values()}
            continue
        if wanted.kind is wanted.POSITIONAL_ONLY:
            parameter = by_position[place]
        else:
            parameter = own[wanted.name]
            assert parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if wanted.kind is wanted.POSITIONAL_OR_KEYWORD:
            assert by_position[place].name == wanted.name
        if wanted.default is wanted.empty:
            continue
        if (name, wanted.name) not in OTHER_DEFAULTS:
            assert parameter.default == wanted.default
        else:
            assert parameter.default is not parameter.empty


@pytest.mark.parametrize("name", OFFERED)
def test_what_goes_beyond_the_standard_is_optional(name: str) -> None:
    required = [
        p
        for p in given(name).values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    wanted = [
        p
        for p in parameters(SIGNATURES[name])
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL
    ]
    assert len(required) <= len(wanted)


def test_constants() -> None:
    assert (mt.e, mt.pi, mt.inf) == (np.e, np.pi, np.inf)
    assert np.isnan(mt.nan)
    assert mt.newaxis is None
    assert mt.__array_api_version__ == "2024.12"


def test_array_namespace(backend: str) -> None:
    x = mt.zeros(3)
    assert x.__array_namespace__() is array_api
    for version in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
        assert x.__array_namespace__(api_version=version) is array_api
    with pytest.raises(ValueError, match=r"'2030\.12'.*offered are 2021\.12"):
        x.__array_namespace__(api_version="2030.12")


def test_array_api_compat_finds_the_namespace(backend: str) -> None:
    import array_api_compat

    x = mt.zeros(3)
    assert array_api_compat.array_namespace(x, mt.ones(2), 1.5, None) is array_api
    assert array_api_compat.is_array_api_obj(x)
    assert array_api_compat.device(x) == x.device
    assert array_api_compat.to_device(x, x.device) is x
    assert array_api_compat.size(x) == 3
