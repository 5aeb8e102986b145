"""Builds the environment in which the real CuPy runs on emulated CUDA, on this CPU.

``python tests/cuda_emulator/build.py DIR`` makes two things in DIR and a program that uses both:

* ``environment``: a virtual environment with this project, its test dependencies and the CuPy
  wheel. One module of the wheel, which holds a CUDA runtime of NVIDIA's, is compiled again from
  CuPy's source, and two more are replaced by files of ``replacements/``: so it is not ``.venv``.
  The wheel as it was lies beside it in ``wheel`` (first on the path, it is CuPy without emulation),
  as links to the same files, which take no room.
* ``library-...``: the emulator, made of ``source/``, with the names of the CUDA libraries.
* ``python``: runs Python in that environment on that library.

Everything comes from PyPI, pinned to one version of CuPy. Each part is keyed by a hash of what it
is made of, marked when it is complete, and made again when the key differs; a second run does
nothing. Of all this, only ``python`` is used, and it is written last.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CUPY = "14.2.0"
CYTHON = "3.2.4"
PACKAGES = [
    f"cupy-cuda13x=={CUPY}",
    f"cython=={CYTHON}",
    "nvidia-cuda-runtime==13.*",
    "nvidia-cuda-crt==13.*",
    "nvidia-cuda-profiler-api==13.*",
]
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DEFAULT = ROOT / ".venv-cupy"
SOURCE = HERE / "source"
REPLACEMENTS = HERE / "replacements"
MARK = "complete"

# What CuPy compiles its modules with, for CUDA 13.2.
CYTHON_CONSTANTS = {
    "CUPY_USE_CUDA_PYTHON": "False",
    "CUPY_CUFFT_STATIC": "False",
    "CUPY_CYTHON_VERSION": CYTHON,
    "CUPY_CUDA_VERSION": "13020",
    "CUPY_HIP_VERSION": "0",
}
CYTHON_DIRECTIVES = {
    "binding": "False",
    "c_api_binop_methods": "True",
    "embedsignature": "True",
    "freethreading_compatible": "True",
    "warn.deprecated.IF": "False",
}
# Of every kernel: nvrtc.cpp reads them from a file beside the header, which fits no others. Without
# weak symbols, templates may have shared memory: it lies in a section, and must not be merged.
KERNEL_OPTIONS = [
    *("-w", "-O1", "-fPIC", "-std=gnu++17"),
    *("-ffp-contract=off", "-fno-weak", "-fvisibility=hidden"),
]

# File name: the sources it is made of, the error of a function that is not emulated, and the CuPy
# module whose needs say which functions there are.
LIBRARIES: dict[str, tuple[list[str], int, str]] = {
    "libcuda.so.1": (["driver_api"], 801, ""),
    "libnvrtc.so.13": (["nvrtc", "kernel_source"], 11, ""),
    "libcublas.so.13": (["cublas", "cublas_lu"], 15, "cupy_backends/cuda/libs/cublas"),
    "libcurand.so.10": (["curand"], 999, "cupy_backends/cuda/libs/curand"),
    "libcusolver.so.12": (["cusolver"], 9, "cupy_backends/cuda/libs/cusolver"),
    "libcusparse.so.12": ([], 10, "cupy_backends/cuda/libs/cusparse"),
    "libcufft.so.12": ([], 16, "cupy/cuda/cufft"),
    "libcublasLt.so.13": ([], 15, ""),
    "libnvJitLink.so.13": ([], 15, ""),
}
CORE = "libcuda_emulator.so"
CORE_ERROR = 801


class BuildError(Exception):
    """What is missing or went wrong, with the fix, for the user."""


def run(command: list[str | Path], *, cwd: Path | None = None, **environment: str) -> str:
    """Run a command; its output. On failure a BuildError with the end of what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise BuildError(f"{' '.join(words[:6])} ... failed:\n{end}")
    return done.stdout


def check_machine() -> None:
    if not sys.platform.startswith("linux"):
        raise BuildError(f"CUDA is emulated on Linux only, and this is {sys.platform}")
    for program, package in (("g++", "g++"), ("nm", "binutils")):
        if not shutil.which(program):
            raise BuildError(
                f"{program} is needed and not found (on Debian: apt install {package})"
            )
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        raise BuildError(
            f"the headers of Python {sys.version_info.major}.{sys.version_info.minor} are needed "
            "and not found (on Debian: apt install python3-dev)"
        )


def hash_of(*parts: str | Path) -> str:
    """A short hash of texts and of the contents of files."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def source_files() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*") if path.is_file())


def environment_key() -> str:
    stands_in = sorted(REPLACEMENTS.glob("*.py"))
    return hash_of(*PACKAGES, str(ROOT), Path(__file__), ROOT / "pyproject.toml", *stands_in)


def library_key() -> str:
    return hash_of(environment_key(), *source_files())


def is_complete(folder: Path, key: str) -> bool:
    mark = folder / MARK
    return mark.is_file() and mark.read_text() == key


# --- the environment ----------------------------------------------------------------------------


def site_packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python3.*/site-packages")
    return found


def cuda_headers(environment: Path) -> Path:
    return site_packages(environment) / "nvidia" / "cu13" / "include"


def module_file(environment: Path, module: str) -> Path:
    """The extension module of a name with slashes."""
    found = sorted(site_packages(environment).glob(f"{module}.*.so"))
    if len(found) != 1:
        raise BuildError(f"CuPy {CUPY} has one module {module}; found {len(found)}")
    return found[0]


def pip(environment: Path) -> list[str | Path]:
    python = environment / "bin" / "python"
    return [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def cupy_source(environment: Path) -> Path:
    """CuPy's source distribution, unpacked."""
    folder = environment / "cupy-source"
    folder.mkdir()
    run(
        [*pip(environment), "download", "--no-deps", "--no-binary", "cupy", f"cupy=={CUPY}"],
        cwd=folder,
        CUPY_INSTALL_USE_STUB="1",  # its metadata are made without looking for CUDA
    )
    with tarfile.open(folder / f"cupy-{CUPY}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"cupy-{CUPY}"


def compile_runtime_module(environment: Path, source: Path) -> None:
    """Compile cupy_backends.cuda.api.runtime so that it calls the emulator's library."""
    python = environment / "bin" / "python"
    module = "cupy_backends/cuda/api/runtime"
    constants = ",".join(f"{name}={value}" for name, value in CYTHON_CONSTANTS.items())
    directives = [f"-X{name}={value}" for name, value in CYTHON_DIRECTIVES.items()]
    run(
        [python, "-m", "cython", "-3", "--cplus", "-E", constants, *directives, f"{module}.pyx"],
        cwd=source,
    )
    (source / CORE).unlink(missing_ok=True)
    run(["g++", "-shared", "-x", "c++", "/dev/null", f"-Wl,-soname,{CORE}", "-o", source / CORE])
    numpy = run([python, "-c", "import numpy; print(numpy.get_include())"]).strip()
    macros = [
        '-DCYTHON_EXTERN_C=extern "C"',
        "-D_FORCE_INLINES=1",
        "-DNPY_TARGET_VERSION=NPY_2_0_API_VERSION",
        "-DCUPY_CACHE_KEY=0",
    ]
    folders = [sysconfig.get_paths()["include"], numpy, cuda_headers(environment)]
    includes = [f"-I{folder}" for folder in folders]
    libraries = [f"-L{source}", "-Wl,--no-as-needed,--allow-shlib-undefined", "-lcuda_emulator"]
    target = module_file(environment, module)
    target.unlink()  # a link to the wheel's own file, which stays as it is
    compiled = ["-o", target, source / f"{module}.cpp"]
    run(["g++", "-O1", "-fPIC", "-shared", "-std=c++17", *macros, *includes, *compiled, *libraries])


def replace_modules(environment: Path) -> None:
    packages = site_packages(environment)
    for module, file in (
        ("cupy/cuda/thrust", "thrust.py"),
        ("cupy/random/_generator_api", "generator_api.py"),
    ):
        module_file(environment, module).unlink()
        shutil.copy(REPLACEMENTS / file, packages / f"{module}.py")
    shutil.copy(REPLACEMENTS / "start.py", packages / "cuda_emulator_start.py")
    (packages / "cuda_emulator_cupy_version").write_text(CUPY)
    (packages / "cuda_emulator.pth").write_text("import cuda_emulator_start as s; s.start()\n")


def keep_wheel(environment: Path) -> None:
    """Lay the wheel's packages aside as they are, before any module is replaced."""
    packages = site_packages(environment)
    for package in ("cupy", "cupy_backends", "cupyx"):
        shutil.copytree(packages / package, environment / "wheel" / package, copy_function=os.link)


def undefined_symbols(file: Path) -> list[str]:
    lines = run(["nm", "-D", "--undefined-only", file]).splitlines()
    return [line.split()[-1] for line in lines]


def needed_functions(environment: Path, source: Path) -> dict[str, list[str]]:
    """For each library the functions that CuPy may call in it."""
    needs = {}
    for library, (_, _, module) in LIBRARIES.items():
        symbols = undefined_symbols(module_file(environment, module)) if module else []
        named = (symbol.rsplit("@", 1) for symbol in symbols if "@" in symbol)
        needs[library] = sorted(name.rstrip("@") for name, place in named if place == library)
    runtime = undefined_symbols(module_file(environment, "cupy_backends/cuda/api/runtime"))
    needs[CORE] = sorted(name for name in runtime if re.fullmatch(r"cuda[A-Z]\w+", name))
    # These two are looked up by name when CuPy is imported.
    for library, prefix, file in (
        ("libcuda.so.1", "cu", "api/_driver_extern.pxi"),
        ("libnvrtc.so.13", "nvrtc", "libs/_cnvrtc.pxi"),
    ):
        text = (source / "cupy_backends" / "cuda" / file).read_text()
        names = re.findall(r"\.get\(f?'(\w+)(?:\{version\})?'\)", text)
        needs[library] = sorted(f"{prefix}{name}{end}" for name in names for end in ("", "_v2"))
    return needs


def build_environment(environment: Path) -> None:
    print("Making a virtual environment with CuPy; this downloads about 100 MB", flush=True)
    shutil.rmtree(environment, ignore_errors=True)
    run([sys.executable, "-m", "venv", environment])
    run([*pip(environment), "install", *PACKAGES, "--editable", f"{ROOT}[test]"])
    keep_wheel(environment)
    source = cupy_source(environment)
    compile_runtime_module(environment, source)
    replace_modules(environment)
    needs = needed_functions(environment, source)
    (environment / "functions.json").write_text(json.dumps(needs, indent=1))
    shutil.rmtree(source.parent)
    (environment / MARK).write_text(environment_key())


# --- the emulator's library ---------------------------------------------------------------------


def compile_sources(names: Iterable[str], environment: Path, out: Path) -> None:
    headers = ["-isystem", cuda_headers(environment)]

    def compile_one(name: str) -> None:
        files = [SOURCE / f"{name}.cpp", "-o", out / f"{name}.o"]
        run(
            ["g++", "-O2", "-g1", "-std=c++17", "-fPIC", "-Wall", "-Wextra", *headers, "-c", *files]
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, names))


def defined_symbols(objects: list[Path]) -> set[str]:
    if not objects:
        return set()
    lines = run(["nm", "--defined-only", *objects]).splitlines()
    return {line.split()[-1] for line in lines if " T " in line}


def missing_functions(library: str, names: list[str], error: int, objects: list[Path]) -> str:
    """C source of the functions that are not emulated: each says so and returns an error."""
    missing = sorted(set(names) - defined_symbols(objects))
    lines = ["int emulator_not_emulated(const char* function, int error);"]
    lines += [f'int {n}(void) {{ return emulator_not_emulated("{n}", {error}); }}' for n in missing]
    return "\n".join([f"// {library}: what is not emulated", *lines, ""])


def link(library: str, objects: list[Path], needs: list[str], error: int, out: Path) -> None:
    stubs = out / f"{library}.c"
    stubs.write_text(missing_functions(library, needs, error, objects))
    options = ["-Wl,-soname," + library, "-Wl,-rpath,$ORIGIN"]
    if library != CORE:
        options += [f"-L{out}", "-Wl,--no-as-needed", "-lcuda_emulator"]
        versions = out / f"{library}.map"  # CuPy's modules ask for symbols of this version
        versions.write_text(f"{library} {{ global: *; }};\n")
        options.append(f"-Wl,--version-script={versions}")
    run(["gcc", "-w", "-fPIC", "-c", stubs, "-o", stubs.with_suffix(".o")])
    run(
        ["g++", "-shared", *objects, stubs.with_suffix(".o"), *options, "-ldl", "-o", out / library]
    )


def precompile_kernel_headers(environment: Path, out: Path) -> None:
    """The headers that stand before every kernel: most of the time that compiling one takes."""
    shutil.copytree(SOURCE / "kernel", out / "kernel")
    (out / "kernel" / "options").write_text("\n".join(KERNEL_OPTIONS))
    cupy = site_packages(environment) / "cupy" / "_core" / "include"
    bundled = [cupy / "cupy" / "_cccl" / name for name in ("cub", "thrust", "libcudacxx")]
    folders = [out / "kernel", cuda_headers(environment), cupy, *bundled]
    includes = [f"-I{folder}" for folder in folders]
    for name in ("device.h", "device_cupy.h"):
        header = out / "kernel" / name
        files = ["-x", "c++-header", header, "-o", header.with_suffix(".h.gch")]
        run(["g++", *KERNEL_OPTIONS, *includes, *files])


def build_library(environment: Path, out: Path) -> None:
    print("Compiling the emulator", flush=True)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    needs = json.loads((environment / "functions.json").read_text())
    thin = {name for sources, _, _ in LIBRARIES.values() for name in sources}
    names = sorted(path.stem for path in SOURCE.glob("*.cpp"))
    compile_sources(names, environment, out)
    core = [out / f"{name}.o" for name in names if name not in thin]
    link(CORE, core, needs[CORE], CORE_ERROR, out)
    for library, (sources, error, _) in LIBRARIES.items():
        link(library, [out / f"{name}.o" for name in sources], needs[library], error, out)
    precompile_kernel_headers(environment, out)
    (out / MARK).write_text(library_key())


# --- both ---------------------------------------------------------------------------------------

LAUNCHER = """\
#!/bin/sh
# Python with CuPy on EMULATED CUDA (this CPU), made by tests/cuda_emulator/build.py.
export CUDA_EMULATED=1 CUPY_ACCELERATORS= LD_LIBRARY_PATH="{library}" CUDA_PATH="{cuda}"
export CUDA_EMULATOR_BLAS="{blas}" CUPY_CACHE_DIR="${{CUPY_CACHE_DIR:-{library}/cupy-cache}}"
exec "{environment}/bin/python" "$@"
"""


def write_launcher(place: Path, environment: Path, library: Path) -> Path:
    blas = sorted((site_packages(environment) / "numpy.libs").glob("libscipy_openblas64_*.so"))
    if not blas:
        raise BuildError(
            "NumPy's wheel brings no OpenBLAS here; the emulator needs it for products"
        )
    text = LAUNCHER.format(
        environment=environment,
        library=library,
        cuda=cuda_headers(environment).parent,
        blas=blas[0],
    )
    launcher = place / "python"
    temporary = place / "python.new"
    temporary.write_text(text)
    temporary.chmod(0o755)
    temporary.replace(launcher)
    return launcher


CHECK = """
import cupy
a = cupy.arange(6, dtype="f4").reshape(2, 3)
assert (a @ a.T).get().tolist() == [[5, 14], [14, 50]] and float((a * 2 + 1).sum()) == 36
name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
print(f"CuPy {cupy.__version__} on {name}")
"""


def ensure(place: Path) -> Path:
    """Build what is missing or out of date in ``place``; the program that runs Python there."""
    check_machine()
    place = place.resolve()
    place.mkdir(parents=True, exist_ok=True)
    environment = place / "environment"
    library = place / f"library-{library_key()}"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second build waits for the first
        launcher = place / "python"
        has_python = (environment / "bin" / "python").exists()  # a link, to what may be gone
        has_environment = has_python and is_complete(environment, environment_key())
        has_library = is_complete(library, library_key())
        if has_environment and has_library and launcher.exists():
            return launcher
        launcher.unlink(missing_ok=True)
        if not has_environment:
            build_environment(environment)
        if not has_library:
            build_library(environment, library)
        for old in place.glob("library-*"):
            if old != library:
                shutil.rmtree(old)
        launcher = write_launcher(place, environment, library)
        try:
            print(run([launcher, "-W", "ignore", "-c", CHECK]).strip(), flush=True)
        except BuildError:
            launcher.unlink()
            raise
        return launcher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("place", metavar="DIR", type=Path, nargs="?", default=DEFAULT)
    try:
        print(f"Run Python on emulated CUDA with {ensure(parser.parse_args().place)}")
    except BuildError as error:
        sys.exit(f"emulated CUDA: {error}")


if __name__ == "__main__":
    main()
