"""CuPy kernels of rounded quotients and their remainders, with NumPy's values.

CuPy's own remainder is ``a - floor(a / b) * b``: inexact for large quotients, NaN for an infinite
divisor, and without the sign of a zero.

Same names, signatures and meaning as in ``standard.py`` one floor up; may import the files beside
it.
"""

from __future__ import annotations

from minitorch_backends.cupy.launch import Elementwise
from minitorch_backends.protocol import Kernel

# The remainder is exact, as C's fmod is, and takes the sign of the divisor, also where it is zero.
floor_divide = Elementwise(
    "floor_divide",
    "T a, T b",
    "T quotient",
    """
typedef typename Wider<T>::type W;
W x = a, y = b, rest = fmod(x, y);
if (y == 0) {
    quotient = x / y;
} else {
    W whole = rint((x - rest) / y);
    if (rest != 0 && (rest < 0) != (y < 0)) whole -= 1;
    quotient = whole != 0 ? whole : copysign(W(0), x / y);
}
""",
)
remainder = Elementwise(
    "remainder",
    "T a, T b",
    "T rest",
    """
typedef typename Wider<T>::type W;
W y = b, r = fmod(W(a), y);
if (r == 0) r = copysign(r, y);
else if ((r < 0) != (y < 0)) r += y;
rest = r;
""",
)

KERNELS: dict[str, Kernel] = {"floor_divide": floor_divide, "remainder": remainder}
