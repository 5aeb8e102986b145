"""Stands in for ``cupy.cuda.thrust`` in the emulated environment: sorting by the emulator.

CuPy's own module holds a CUDA runtime that cannot be replaced. Only what CuPy calls is here.
"""

import ctypes
from functools import cache
from math import prod
from typing import Any

available = True


def get_build_version() -> int:
    return 0


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL("libcuda_emulator.so")


def _call(function: str, dtype: Any, *arguments: Any) -> None:
    import cupy

    code = ctypes.c_char(dtype.char.encode())
    stream = ctypes.c_void_p(cupy.cuda.get_current_stream().ptr)
    if getattr(_library(), function)(code, *arguments, stream):
        raise NotImplementedError(f"emulated CUDA: {function} of {dtype} is not emulated")


def _rows(shape: Any) -> tuple[ctypes.c_size_t, ctypes.c_size_t]:
    return ctypes.c_size_t(prod(shape[:-1])), ctypes.c_size_t(shape[-1])


def sort(dtype: Any, data_start: int, keys_start: int, shape: Any) -> None:
    _call("emulator_sort", dtype, ctypes.c_void_p(data_start), *_rows(shape))


def argsort(dtype: Any, idx_start: int, data_start: int, keys_start: int, shape: Any) -> None:
    pointers = ctypes.c_void_p(idx_start), ctypes.c_void_p(data_start)
    _call("emulator_argsort", dtype, *pointers, *_rows(shape))


def lexsort(dtype: Any, idx_start: int, keys_start: int, k: int, n: int) -> None:
    pointers = ctypes.c_void_p(idx_start), ctypes.c_void_p(keys_start)
    _call("emulator_lexsort", dtype, *pointers, ctypes.c_size_t(k), ctypes.c_size_t(n))
