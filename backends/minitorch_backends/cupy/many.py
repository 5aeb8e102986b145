"""One launch over lists of many arrays, such as all the parameters of a net.

Where the arrays are is said in the arguments of the launch itself, so nothing is copied to the
device for it. (PyTorch's ``multi_tensor_apply`` does the same.) May import ``protocol``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from minitorch_backends.protocol import Array

MOST_ARRAYS = 56
"""Of which one launch is told: six lists of more would not fit into 4 KiB of arguments."""
ENTRIES = 1024
"""Of one array, for each block of threads."""
THREADS = 256

TYPES = {"float16": ("__half", "float"), "float32": ("float",) * 2, "float64": ("double",) * 2}
"""Dtype -> the type of entries, and the type in which they are computed."""

SOURCE = """
#include <cuda_fp16.h>
typedef ENTRY T;
typedef WIDER W;
struct Arrays {
    T* lists[LISTS][MOST_ARRAYS];
    long long sizes[MOST_ARRAYS];
    int first_blocks[MOST_ARRAYS];
    int rows[MOST_ARRAYS];
    int count;
};
extern "C" __global__ void NAME(const Arrays arrays, PARAMETERS) {
    int a = 0;
    while (a + 1 < arrays.count && arrays.first_blocks[a + 1] <= (int)blockIdx.x) ++a;
    POINTERS
    ptrdiff_t start = (ptrdiff_t)((int)blockIdx.x - arrays.first_blocks[a]) * ENTRIES;
    ptrdiff_t end = start + ENTRIES < arrays.sizes[a] ? start + ENTRIES : arrays.sizes[a];
    ptrdiff_t rows = arrays.rows[a], columns = rows ? arrays.sizes[a] / rows : 0;
    for (ptrdiff_t i = start + threadIdx.x; i < end; i += THREADS) {
        ptrdiff_t j = rows ? i % columns * rows + i / columns : i;
        BODY
    }
}
"""


@dataclass(frozen=True)
class ManyArrays:
    """A kernel over lists of arrays, each list with arrays of the same sizes and one dtype.

    ``body`` is CUDA C++ for the entry ``i`` of one array of each list. There, the names of
    ``lists`` are pointers to ``T`` (null for an empty list), those of ``numbers`` are of type
    ``W``, in which float16 is computed as float32. Arrays are contiguous row by row; matrices of
    the list ``turned`` may be so column by column, and the entry is at ``j`` there.
    """

    name: str
    lists: tuple[str, ...]
    turned: str
    numbers: tuple[str, ...]
    body: str

    def source(self, dtype: str) -> str:
        """The kernel's CUDA C++ for arrays of ``dtype``."""
        entry, wider = TYPES[dtype]
        pointers = [f"T* {name} = arrays.lists[{n}][a];" for n, name in enumerate(self.lists)]
        numbers = [f"W {name} = given_{name};" for name in self.numbers]
        parts = {
            "BODY": self.body.strip(),
            "POINTERS": "\n    ".join([*pointers, *numbers]),
            "PARAMETERS": ", ".join(f"double given_{name}" for name in self.numbers),
            "NAME": f"minitorch_{self.name}",
            "MOST_ARRAYS": str(MOST_ARRAYS),
            "LISTS": str(len(self.lists)),
            "ENTRIES": str(ENTRIES),
            "THREADS": str(THREADS),
            "ENTRY": entry,
            "WIDER": wider,
        }
        text = SOURCE
        for placeholder, part in parts.items():
            text = text.replace(placeholder, part)
        return text

    @cached_property
    def _layout(self) -> np.dtype[Any]:
        """``struct Arrays`` of the source."""
        fields = [
            ("lists", np.uint64, (len(self.lists), MOST_ARRAYS)),
            ("sizes", np.int64, MOST_ARRAYS),
            ("first_blocks", np.int32, MOST_ARRAYS),
            ("rows", np.int32, MOST_ARRAYS),
            ("count", np.int32),
        ]
        return np.dtype(fields, align=True)

    @cached_property
    def _kernels(self) -> dict[str, Any]:
        import cupy

        name = f"minitorch_{self.name}"
        return {dtype: cupy.RawKernel(self.source(dtype), name) for dtype in TYPES}

    def __call__(self, *lists_and_numbers: Any) -> None:
        """Launch for the lists, then the numbers, in the order of their names."""
        lists: Sequence[Sequence[Array]] = lists_and_numbers[: len(self.lists)]
        numbers = lists_and_numbers[len(self.lists) :]
        kernel = self._kernels[lists[0][0].dtype.name]
        turned = lists[self.lists.index(self.turned)]
        filled = [number for number, array in enumerate(lists[0]) if array.size]
        for some in _parts(filled):
            arrays = np.zeros((), self._layout)
            for pointers, arrays_of_list in zip(arrays["lists"], lists, strict=True):
                if arrays_of_list:
                    pointers[: len(some)] = [arrays_of_list[n].data.ptr for n in some]
            sizes = [lists[0][n].size for n in some]
            blocks = [*accumulate((-(-size // ENTRIES) for size in sizes), initial=0)]
            arrays["sizes"][: len(some)] = sizes
            arrays["first_blocks"][: len(some)] = blocks[:-1]
            arrays["rows"][: len(some)] = [rows_of(turned[n]) for n in some]
            arrays["count"] = len(some)
            kernel((blocks[-1],), (THREADS,), (arrays, *map(float, numbers)))


def rows_of(array: Array) -> int:
    """How many rows a matrix has that is contiguous column by column, else 0."""
    return 0 if array.flags.c_contiguous else array.shape[0]


def _parts(numbers: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(numbers), MOST_ARRAYS):
        yield numbers[first : first + MOST_ARRAYS]
