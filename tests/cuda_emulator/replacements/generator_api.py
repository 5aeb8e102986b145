"""Stands in for ``cupy.random._generator_api`` in the emulated environment: it refuses.

CuPy's own module holds a CUDA runtime that cannot be replaced: it would give memory that nobody
wrote, without an error. The legacy functions ``cupy.random.rand`` and the like are emulated.
"""

from typing import Any, NoReturn


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(f"emulated CUDA: {name} is not emulated")


def init_curand(*arguments: Any) -> NoReturn:
    _refuse("cupy.random.Generator")


def random_raw(*arguments: Any) -> NoReturn:
    _refuse("cupy.random.BitGenerator.random_raw")


class Generator:
    def __init__(self, bit_generator: Any) -> None:
        _refuse("cupy.random.Generator")


class FeistelBijection:
    num_rounds = 1

    def __init__(self, *arguments: Any) -> None:
        _refuse("cupy.random.choice of an int without replacement")
