"""Compiles kernels with NVIDIA's own compiler, for every generation of GPUs; it needs no GPU.

``python tests/cuda_emulator/real_compiler.py SOURCES`` takes a folder of sources that emulated
CUDA collected (its setting ``KERNEL_SOURCES``) and compiles each for each of ``ARCHITECTURES`` with
NVRTC from PyPI, kept beside the emulated environment and apart from it. It fails on an error, on
registers that spill to memory, and on a kernel of ours that takes more than the limits below.
Without ``--all``, what CuPy itself wrote is left out.
"""

import argparse
import ctypes
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from build import DEFAULT, MARK, BuildError, ensure, hash_of, is_complete, pip, run

NVRTC = "nvidia-cuda-nvrtc==13.*"
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
MOST_REGISTERS = 128
MOST_SHARED_BYTES = 48 << 10
OURS = "minitorch_"
"""In the name of each kernel of this project."""
PER_TASK = 40
"""So many sources go to a process at once; they share what the compiler keeps of the headers."""

OPTION, EXPRESSION = "// option: ", "// name expression: "  # how a collected source begins
USED = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*?"
    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Compiled:
    """One kernel for one architecture: what it takes, in registers and bytes."""

    name: str
    architecture: int
    registers: int
    shared: int
    spilled: int

    def faults(self) -> Iterator[str]:
        """What is over a limit, in words."""
        if self.spilled:
            yield f"spills {self.spilled} bytes"
        if OURS in self.name and self.registers > MOST_REGISTERS:
            yield f"takes {self.registers} registers, more than {MOST_REGISTERS}"
        if OURS in self.name and self.shared > MOST_SHARED_BYTES:
            yield f"takes {self.shared} bytes of shared memory, more than {MOST_SHARED_BYTES}"


class CompileError(Exception):
    """What the compiler said."""


# --- one source ---------------------------------------------------------------------------------


class Compiler:
    """NVRTC, loaded by its path: it has the name of the emulated library."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._headers = tempfile.mkdtemp(prefix="nvrtc-")

    def close(self) -> None:
        shutil.rmtree(self._headers, ignore_errors=True)

    def _call(self, function: str, *arguments: object) -> None:
        if getattr(self._library, function)(*arguments):
            raise CompileError(f"{function} failed")

    def _log(self, program: ctypes.c_void_p) -> str:
        size = ctypes.c_size_t()
        self._call("nvrtcGetProgramLogSize", program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        self._call("nvrtcGetProgramLog", program, text)
        return text.value.decode()

    def compile(self, source: str, architecture: int) -> list[Compiled]:
        """The kernels of a source that was collected."""
        lines = source.splitlines()
        options = [line.removeprefix(OPTION) for line in lines if line.startswith(OPTION)]
        names = [line.removeprefix(EXPRESSION) for line in lines if line.startswith(EXPRESSION)]
        body = "\n".join(line for line in lines if not line.startswith((OPTION, EXPRESSION)))
        options = [option for option in options if not option.startswith("-arch")]
        options += [f"-arch=sm_{architecture}", "--ptxas-options=-v"]
        options += ["--pch", f"--pch-dir={self._headers}"]
        given = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
        program = ctypes.c_void_p()
        self._call(
            *("nvrtcCreateProgram", ctypes.byref(program), body.encode(), b"kernel.cu"),
            *(0, None, None),
        )
        try:
            for name in names:
                self._call("nvrtcAddNameExpression", program, name.encode())
            failed = self._library.nvrtcCompileProgram(program, len(options), given)
            log = self._log(program)
        finally:
            self._call("nvrtcDestroyProgram", ctypes.byref(program))
        found = [_compiled(match, architecture) for match in USED.finditer(log)]
        if failed or not found:
            raise CompileError(log.strip() or "there is no kernel in it")
        return found


def _compiled(match: re.Match[str], architecture: int) -> Compiled:
    shared = re.search(r"(\d+) bytes smem", match["rest"])
    return Compiled(
        match["name"],
        architecture,
        int(match["registers"]),
        int(shared[1]) if shared else 0,
        int(match["stores"]) + int(match["loads"]),
    )


# --- all of them --------------------------------------------------------------------------------


def installed_library(place: Path) -> Path:
    """NVRTC in a folder of its own: in the environment CuPy would load it for the emulated one."""
    folder = place.resolve() / "compiler"
    key = hash_of(NVRTC)
    if not is_complete(folder, key):
        ensure(place)
        shutil.rmtree(folder, ignore_errors=True)
        run([*pip(place.resolve() / "environment"), "install", "--target", folder, NVRTC])
        (folder / MARK).write_text(key)
    (library,) = folder.glob("nvidia/*/lib/libnvrtc.so.*")
    return library


def compile_some(
    library: Path, architecture: int, sources: list[str]
) -> tuple[list[Compiled], list[str]]:
    """In a process of its own: the kernels of some sources, and the errors."""
    compiler = Compiler(library)
    kernels: list[Compiled] = []
    errors: list[str] = []
    for source in sources:
        try:
            kernels += compiler.compile(source, architecture)
        except CompileError as error:
            name = re.search(r"__global__ void (\w+)", source)
            errors.append(f"{name[1] if name else 'a source'} for sm_{architecture}: {error}")
    compiler.close()
    return kernels, errors


def distinct(folder: Path) -> list[str]:
    """Sources that differ in more than the architecture they were compiled for."""
    texts = (file.read_text() for file in sorted(folder.glob("*.cu")))
    return sorted({re.sub(rf"^{OPTION}-arch=.*\n", "", text, flags=re.M) for text in texts})


def check(
    sources: list[str], library: Path, architectures: Sequence[int] = ARCHITECTURES
) -> tuple[list[Compiled], list[str]]:
    """All kernels of the sources for the architectures, and all that is wrong with them."""
    starts = range(0, len(sources), PER_TASK)
    tasks = [(a, sources[at : at + PER_TASK]) for a, at in product(architectures, starts)]
    kernels: list[Compiled] = []
    wrong: list[str] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found, errors in pool.map(
            compile_some, [library] * len(tasks), *zip(*tasks, strict=True)
        ):
            kernels += found
            wrong += errors
    for kernel in kernels:
        wrong += [f"{kernel.name} for sm_{kernel.architecture} {why}" for why in kernel.faults()]
    return kernels, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sources", metavar="SOURCES", type=Path)
    parser.add_argument("--environment", metavar="DIR", type=Path, default=DEFAULT)
    parser.add_argument("--all", action="store_true", help="those that CuPy itself wrote, too")
    parser.add_argument("--quick", action="store_true", help="the oldest and newest GPUs only")
    options = parser.parse_args()
    architectures = (ARCHITECTURES[0], ARCHITECTURES[-1]) if options.quick else ARCHITECTURES
    sources = distinct(options.sources)
    if not options.all:
        sources = [source for source in sources if OURS in source]
    if not sources:
        sys.exit(
            f"real compiler: no sources in {options.sources}; run the tests with KERNEL_SOURCES"
        )
    try:
        library = installed_library(options.environment)
    except BuildError as error:
        sys.exit(f"real compiler: {error}")
    kernels, wrong = check(sources, library, architectures)
    if wrong:
        sys.exit("\n".join([*wrong, f"real compiler: {len(wrong)} faults"]))
    own = [kernel for kernel in kernels if OURS in kernel.name]
    largest = max(own, key=lambda kernel: kernel.registers)
    print(
        f"real compiler: {len(sources)} sources x {len(architectures)} architectures compiled, 0 "
        f"spills; of the kernels of this project, {len({kernel.name for kernel in own})}, the "
        f"largest takes {largest.registers} registers ({largest.name} for "
        f"sm_{largest.architecture}) and {max(kernel.shared for kernel in own)} bytes of shared "
        "memory"
    )


if __name__ == "__main__":
    main()
