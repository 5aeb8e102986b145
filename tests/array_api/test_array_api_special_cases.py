"""The special cases of element-wise functions, as the text of the standard lists them.

A line holds a function and its cases: arguments, ``=``, result. Where the standard lets libraries
follow Python instead (floor_divide of infinities) there is no line, nor for ``-inf ** 0.5``, which
NumPy computes as a square root.
"""

import math
from typing import Any

import numpy as np
import pytest
from draws import quietly

import minitorch_cnn as mt

NAMES = {"nan": math.nan, "inf": math.inf, "pi": math.pi, "T": True, "F": False}
KEPT = "nan=nan inf=inf -inf=-inf 0.0=0.0 -0.0=-0.0"
EDGES = "nan=nan 0.0=0.0 -0.0=-0.0"
LOG = "nan=nan -1.0=nan 0.0=-inf -0.0=-inf 1.0=0.0 inf=inf"

TEXT = f"""
abs          nan=nan -0.0=0.0 inf=inf -inf=inf
acos         nan=nan 2.0=nan -2.0=nan 1.0=0.0
acosh        nan=nan 0.5=nan 1.0=0.0 inf=inf
asin         {EDGES} 2.0=nan -2.0=nan
asinh        {KEPT}
atan         {EDGES} inf=pi/2 -inf=-pi/2
atanh        {EDGES} 2.0=nan -2.0=nan 1.0=inf -1.0=-inf
ceil         {KEPT} -0.5=-0.0 1.5=2.0
cos          nan=nan 0.0=1.0 -0.0=1.0 inf=nan -inf=nan
cosh         nan=nan 0.0=1.0 -0.0=1.0 inf=inf -inf=inf
exp          nan=nan 0.0=1.0 -0.0=1.0 inf=inf -inf=0.0
expm1        {EDGES} inf=inf -inf=-1.0
floor        {KEPT} -1.5=-2.0
isfinite     nan=F inf=F -inf=F 0.0=T
isinf        nan=F inf=T -inf=T 0.0=F
isnan        nan=T inf=F 0.0=F
log          {LOG}
log10        {LOG}
log2         {LOG}
log1p        {EDGES} -2.0=nan -1.0=-inf inf=inf
negative     nan=nan inf=-inf -inf=inf 0.0=-0.0 -0.0=0.0
positive     {KEPT}
reciprocal   nan=nan inf=0.0 -inf=-0.0 0.0=inf -0.0=-inf
round        {KEPT} 0.5=0.0 1.5=2.0 2.5=2.0 -0.5=-0.0 -1.5=-2.0
sign         nan=nan 0.0=0.0 inf=1.0 -inf=-1.0
signbit      0.0=F -0.0=T inf=F -inf=T 2.0=F
sin          {EDGES} inf=nan -inf=nan
sinh         {KEPT}
sqrt         {EDGES} -1.0=nan inf=inf
square       nan=nan inf=inf -inf=inf -0.0=0.0
tan          {EDGES} inf=nan -inf=nan
tanh         {EDGES} inf=1.0 -inf=-1.0
trunc        {KEPT} -0.5=-0.0 1.5=1.0 -1.5=-1.0
add          nan,1.0=nan 1.0,nan=nan inf,-inf=nan -inf,inf=nan inf,inf=inf -inf,-inf=-inf
add          inf,1.0=inf 1.0,-inf=-inf -0.0,-0.0=-0.0 -0.0,0.0=0.0 0.0,-0.0=0.0 1.0,-1.0=0.0
subtract     nan,1.0=nan inf,inf=nan -inf,-inf=nan inf,-inf=inf 1.0,inf=-inf -0.0,0.0=-0.0
subtract     0.0,0.0=0.0 -0.0,-0.0=0.0 1.0,1.0=0.0
multiply     nan,1.0=nan inf,0.0=nan 0.0,-inf=nan inf,inf=inf inf,-1.0=-inf -0.0,1.0=-0.0
multiply     -0.0,-1.0=0.0 0.0,-1.0=-0.0
divide       nan,1.0=nan inf,inf=nan -inf,inf=nan 0.0,0.0=nan 0.0,-0.0=nan 0.0,1.0=0.0
divide       0.0,-1.0=-0.0 -0.0,1.0=-0.0 1.0,0.0=inf 1.0,-0.0=-inf -1.0,0.0=-inf -1.0,-0.0=inf
divide       inf,1.0=inf inf,-1.0=-inf -inf,1.0=-inf 1.0,inf=0.0 1.0,-inf=-0.0 -1.0,inf=-0.0
floor_divide nan,1.0=nan 1.0,nan=nan inf,inf=nan 0.0,0.0=nan 0.0,1.0=0.0 0.0,-1.0=-0.0
floor_divide -0.0,1.0=-0.0 1.0,0.0=inf 1.0,-0.0=-inf -1.0,0.0=-inf 1.0,inf=0.0 7.0,-2.0=-4.0
remainder    nan,1.0=nan 1.0,nan=nan inf,1.0=nan -inf,1.0=nan 1.0,0.0=nan 1.0,-0.0=nan 0.0,0.0=nan
remainder    0.0,1.0=0.0 -0.0,1.0=0.0 0.0,-1.0=-0.0 -0.0,-1.0=-0.0 1.0,inf=1.0 -1.0,inf=inf
remainder    1.0,-inf=-inf -1.0,-inf=-1.0 7.0,-2.0=-1.0 -7.0,2.0=1.0
pow          nan,0.0=1.0 nan,-0.0=1.0 nan,2.0=nan 2.0,nan=nan 2.0,inf=inf 2.0,-inf=0.0
pow          -2.0,inf=inf 1.0,inf=1.0 1.0,-inf=1.0 -1.0,inf=1.0 0.5,inf=0.0 0.5,-inf=inf
pow          inf,2.0=inf inf,-2.0=0.0 -inf,3.0=-inf -inf,2.0=inf -inf,-3.0=-0.0
pow          -inf,-2.0=0.0 0.0,2.0=0.0 0.0,-2.0=inf -0.0,3.0=-0.0 -0.0,2.0=0.0 -0.0,-3.0=-inf
pow          -0.0,-2.0=inf -2.0,0.5=nan 0.0,0.0=1.0 1.0,nan=1.0
atan2        nan,1.0=nan 1.0,nan=nan 1.0,0.0=pi/2 1.0,-0.0=pi/2 0.0,1.0=0.0 0.0,0.0=0.0
atan2        0.0,-0.0=pi 0.0,-1.0=pi -0.0,1.0=-0.0 -0.0,0.0=-0.0 -0.0,-0.0=-pi -0.0,-1.0=-pi
atan2        -1.0,0.0=-pi/2 -1.0,-0.0=-pi/2 1.0,inf=0.0 1.0,-inf=pi -1.0,inf=-0.0 -1.0,-inf=-pi
atan2        inf,1.0=pi/2 -inf,1.0=-pi/2 inf,inf=pi/4 inf,-inf=3*pi/4 -inf,inf=-pi/4
atan2        -inf,-inf=-3*pi/4
copysign     1.0,-0.0=-1.0 -1.0,0.0=1.0 0.0,-1.0=-0.0 nan,1.0=nan inf,-1.0=-inf 1.0,-inf=-1.0
hypot        inf,nan=inf nan,inf=inf -inf,nan=inf nan,-inf=inf 1.0,nan=nan nan,1.0=nan inf,1.0=inf
logaddexp    nan,1.0=nan 1.0,nan=nan inf,1.0=inf 1.0,inf=inf inf,-inf=inf -inf,-inf=-inf
maximum      nan,1.0=nan 1.0,nan=nan inf,1.0=inf -inf,1.0=1.0
minimum      nan,1.0=nan 1.0,nan=nan inf,1.0=1.0 -inf,1.0=-inf
nextafter    nan,1.0=nan 1.0,nan=nan 1.0,1.0=1.0 0.0,-0.0=-0.0 inf,inf=inf
equal        nan,nan=F inf,inf=T -inf,inf=F 0.0,-0.0=T nan,1.0=F
not_equal    nan,nan=T inf,inf=F 0.0,-0.0=F
less         nan,1.0=F 1.0,nan=F -inf,inf=T
less_equal   nan,nan=F inf,inf=T
greater      nan,1.0=F 1.0,nan=F inf,-inf=T
greater_equal nan,nan=F -inf,-inf=T
"""


def cases() -> list[tuple[str, list[float], Any]]:
    found = []
    for line in TEXT.strip().splitlines():
        name, *texts = line.split()
        for text in texts:
            arguments, expected = text.split("=")
            values = [eval(argument, {}, NAMES) for argument in arguments.split(",")]
            found.append((name, values, eval(expected, {}, NAMES)))
    return found


def agrees(found: Any, expected: Any, dtype: Any) -> None:
    wanted = np.asarray(expected, dtype if isinstance(expected, float) else bool)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found.numpy(), np.broadcast_to(wanted, found.shape), rtol=1e-6)
    if wanted == 0 and isinstance(expected, float):
        assert (np.signbit(found.numpy()) == np.signbit(wanted)).all()


@pytest.mark.parametrize("dtype", [mt.float32, mt.float64], ids=str)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"), cases(), ids=lambda v: str(v).replace(" ", "")
)
def test_special_case(name: str, arguments: Any, expected: Any, dtype: Any, backend: str) -> None:
    function = getattr(mt, name)
    # Long enough for the array library's vectorised loops.
    lines = [mt.full(17, value, dtype=dtype) for value in arguments]
    agrees(quietly(function, *lines), expected, dtype)
    if len(arguments) == 2:
        agrees(quietly(function, lines[0], arguments[1]), expected, dtype)
        agrees(quietly(function, arguments[0], lines[1]), expected, dtype)


def test_special_cases_are_read() -> None:
    assert len(cases()) > 300


def test_clip_with_nan(backend: str) -> None:
    x = mt.tensor([1.0, math.nan, 3.0])
    assert np.isnan(mt.clip(x, 0.0, 2.0).numpy()).tolist() == [False, True, False]
    for limit in (math.nan, mt.tensor(math.nan), mt.tensor([math.nan] * 3)):
        assert np.isnan(mt.clip(x, limit).numpy()).all()
        assert np.isnan(mt.clip(x, max=limit).numpy()).all()
