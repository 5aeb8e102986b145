"""Mutants: our kernels with one small mistake each, which the tests of kernels have to notice.

``python tests/cuda_emulator/run.py --mode guard tests/cuda_emulator/mutants.py [KERNEL ...]``
changes the source of each kernel in a number of ways - a bound, a stride, an index, a sign, a start
value - and runs the checks of ``minitorch_backends.testing`` on each in a process of its own. A
mutant is killed by a wrong value, an error, a touch of memory beside an array (that is what the
guard mode is for) or by never ending. The program fails if one survives that is not listed
as excused.
"""

import argparse
import os
import random
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cuda_emulator import emulator
from minitorch_backends import cupy as package
from minitorch_backends.cupy.launch import Elementwise, Reduction
from minitorch_backends.cupy.many import ManyArrays
from minitorch_backends.testing import check_kernel

PER_KERNEL = 10
CASES = 400
"""Of each check; ten times as many as usual, for kernels that only few cases reach."""
SECONDS = 60
"""After which a mutant is taken to run for ever."""
SOURCES = ("body", "map", "reduce", "post")
"""The fields of a kernel that are CUDA C++ and may be changed; one kernel has some of them."""

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
ARITHMETIC = ("+", "-", "*", "/")

Change = Callable[[re.Match[str]], Iterable[str]]
RULES: list[tuple[str, Change]] = [
    (r" (<=|>=|==|!=|<|>) ", lambda m: _others(COMPARISONS, m)),
    (r" ([-+*/]) ", lambda m: _others(ARITHMETIC, m)),
    (r"&&|\|\|", lambda m: ["||" if m[0] == "&&" else "&&"]),
    (r"([\w.()\[\]]+) [-+*/%] ([\w.()\[\]]+)", lambda m: [m[1], m[2]]),
    (r"\? ([^?:;]+) : ([^?:;)]+)", lambda m: [f"? {m[2]} : {m[1]}"]),
    (r"\bI([012])\b", lambda m: [f"O{m[1]}"]),
    (r"\bO([012])\b", lambda m: [f"I{m[1]}"]),
    (r"\b([IOKSPD])([012])\b", lambda m: [f"{m[1]}{(int(m[2]) + 1) % 3}"]),
    (r"\bS([012])\b", lambda m: [f"D{m[1]}"]),
    (r"\bD([012])\b", lambda m: [f"S{m[1]}"]),
    (r"picture_step", lambda m: ["channel_step"]),
    (r" (\+=|-=|=) ", lambda m: _others(("=", "+=", "-="), m)),
    (r"(?<![\w.])([01])(?![\w.])", lambda m: ["1" if m[1] == "0" else "0"]),
    (r"\b(?:sqrt|exp|log|floor|rint|fmod|copysign)\(", lambda m: ["("]),
    (r" % ", lambda m: [" / "]),
    (r"\d{15,}ULL", lambda m: [f"{int(m[0][:-3]) ^ 4}ULL"]),
    (r">> 32", lambda m: [">> 31", ">> 0"]),
    (r"\[j\]", lambda m: ["[i]"]),
]
"""What is changed (a regular expression), and what may stand there instead."""


def _others(family: tuple[str, ...], match: re.Match[str]) -> Iterable[str]:
    """Every other operator of a family."""
    return (f" {other} " for other in family if other != match[1])


EXCUSED: list[tuple[str, str, str]] = [
    (r"sum_pool(_input)?", r".* [*/] D[012].* => .*", "windows of sums have no dilation"),
    (r".*cross_entropy", r"for .*c = 1; .* => .*c = 0; .*", "meets the first entry twice"),
    (r"relu", r".*> T\(0\).* => .*>= T\(0\).*", "0 either way"),
    (r"relu_input", r"d = y <= .* => d = y == .*", "no rectified entry is below 0"),
    (r".*cross_entropy", r"bool known = .*", "a label that is no class: see test_cupy_backend.py"),
    (r"floor_divide", r".*y < 0.* => .*y <= 0.*", "y is not 0 there"),
    (r"floor_divide", r".*copysign.* => .*copysign.*", "a zero's sign: see test_ops.py"),
    (r".*", r"for .* k([012]) < K\1.* => .* k\1 != K\1.*", "the kernel is counted one by one"),
    (r"random_mask", r"for .*entry < 8; .* => .*entry != 8; .*", "entries are counted one by one"),
    (r"max_pool", r".*most == most.* => .*most [<>]= most.*", "both ask for NaN"),
    (r"max_pool_input", r".* k([012]) < K\1.* => .*k\1 <= K\1.*", "no index is beside its window"),
    (r"remainder", r".* r = copysign.* => .* r [+-]= copysign.*", "a zero's sign: see test_ops.py"),
    (r".*_step", r"if \(weight_decay != 0\).* => if .*", "a decay of 0 adds 0"),
]
"""Mutants that the checks need not notice: of which kernels, what change, and why."""


@dataclass(frozen=True)
class Mutant:
    """One kernel with one change; ``kernel`` is the changed one."""

    name: str
    change: str
    kernel: Any


# --- kernels and their mutants ------------------------------------------------------------------


def kernels() -> dict[str, Any]:
    """Every kernel that is written in this project, by name."""
    folder = Path(package.__file__).parent
    modules = (
        import_module(f"{package.__name__}.{file.stem}") for file in folder.glob("[a-z]*.py")
    )
    found = (value for module in modules for value in vars(module).values())
    kinds = (Elementwise, Reduction, ManyArrays)
    return {kernel.name: kernel for kernel in found if isinstance(kernel, kinds)}


def mutants_of(kernel: Any) -> Iterator[Mutant]:
    """All mutants of a kernel, in a fixed order."""
    for field in fields(kernel):
        source = getattr(kernel, field.name)
        if field.name not in SOURCES:
            continue
        for place, instead in [*RULES, _other_names(kernel)]:
            for match in re.finditer(place, source):
                for new in instead(match):
                    text = source[: match.start()] + new + source[match.end() :]
                    line = source.count("\n", 0, match.start())
                    change = " => ".join(t.splitlines()[line].strip() for t in (source, text))
                    yield Mutant(kernel.name, change, replace(kernel, **{field.name: text}))


def _other_names(kernel: Any) -> tuple[str, Change]:
    """The rule that one argument of a kernel stands for another."""
    if isinstance(kernel, ManyArrays):
        names = [*kernel.lists, *kernel.numbers]
    else:
        names = [part.split()[-1] for part in kernel.inputs.split(",")]
    names = [name for name in names if not re.fullmatch("[A-Z][0-9]?", name)]
    return (
        rf"\b({'|'.join(names)})\b(?! ?=[^=])",
        lambda match: (name for name in names if name != match[1]),
    )


def excused(mutant: Mutant) -> bool:
    """Whether a mutant is of a listed kind."""
    whole = re.fullmatch
    return any(whole(n, mutant.name) and whole(c, mutant.change) for n, c, _ in EXCUSED)


def compiled_of(kernel: Any) -> dict[str, Any]:
    """The compiled form that a kernel keeps, under the name of its cached property."""
    name = "_kernels" if isinstance(kernel, ManyArrays) else "kernel"
    return {name: getattr(kernel, name)}


# --- checks -------------------------------------------------------------------------------------


def users_of(all_kernels: dict[str, Any]) -> dict[str, list[str]]:
    """For each kernel, the names of the backend's kernels whose check launches it."""
    found: dict[str, list[str]] = {name: [] for name in all_kernels}
    for name in package.backend().kernels:
        with emulator.record() as recording:
            check_kernel(package.backend(), name)
        launched = {event.split()[1] for event in recording.events if event.startswith("launch")}
        for kernel in all_kernels:
            if f"minitorch_{kernel}" in launched:
                found[kernel].append(name)
    return found


class Outcome(IntEnum):
    """What became of a mutant: the exit code of the child that tried it."""

    SURVIVES = 0
    KILLED = 1
    NO_PROGRAM = 2
    """It does not compile, and counts for nothing."""


def tried(mutant: Mutant, original: Any, checks: list[str]) -> Outcome:
    """Put the mutant in place of its kernel and run the checks; to be done in a child process."""
    from cupy.cuda.compiler import CompileException

    original.__dict__.update(compiled_of(mutant.kernel))
    try:
        for name in checks:
            check_kernel(package.backend(), name, count=CASES)
    except BaseException as error:
        errors = (error, error.__cause__)
        return Outcome(1 + any(isinstance(e, CompileException) for e in errors))
    return Outcome.SURVIVES


def outcomes(mutants: list[Mutant], original: Any, checks: list[str]) -> list[Outcome]:
    """Of each mutant, tried in children of this process, as many at a time as there are CPUs."""

    def in_child(mutant: Mutant) -> Outcome:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            signal.alarm(SECONDS)
            os._exit(tried(mutant, original, checks))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Outcome.KILLED if code < 0 else Outcome(code)  # below 0: by a signal

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(in_child, mutants))


# --- the program --------------------------------------------------------------------------------


def fates(kernel: Any, checks: list[str], count: int) -> list[tuple[Mutant, Outcome]]:
    """Of ``count`` mutants that compile, drawn from a seed of the kernel's own."""
    every = [m for m in mutants_of(kernel) if not excused(m)]
    random.Random(kernel.name).shuffle(every)
    found: list[tuple[Mutant, Outcome]] = []
    while every and len(found) < count:
        some, every = every[: count - len(found)], every[count - len(found) :]
        pairs = zip(some, outcomes(some, kernel, checks), strict=True)
        found += [pair for pair in pairs if pair[1] is not Outcome.NO_PROGRAM]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", help="all if none is named")
    parser.add_argument("--per-kernel", type=int, default=PER_KERNEL, metavar="N")
    options = parser.parse_args()
    if not emulator.available():
        sys.exit("mutants: start this with tests/cuda_emulator/run.py --mode guard")
    every = kernels()
    checks = users_of(every)
    everything: list[tuple[Mutant, Outcome]] = []
    for name in options.kernels or sorted(every):
        found = fates(every[name], checks[name], options.per_kernel)
        alive = [mutant.change for mutant, outcome in found if outcome is Outcome.SURVIVES]
        print(f"{name:24} {len(found) - len(alive)} of {len(found)} killed", flush=True)
        for change in alive:
            print(f"    survives: {change!r}", flush=True)
        everything += found
    survivors = sum(outcome is Outcome.SURVIVES for _, outcome in everything)
    print(
        f"mutants: {len(everything) - survivors} of {len(everything)} killed, in "
        f"{len(options.kernels or every)} kernels; {len(EXCUSED)} kinds of others are excused"
    )
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
