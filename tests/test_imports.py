"""The house: what an import costs, who may import whom, which names are public."""

import ast
import inspect
import os
import subprocess
import sys
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minitorch_backends
import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.nn import functional

# --- the import itself --------------------------------------------------------------------------

HEAVY = [
    "array_api_strict",
    "cupy",
    "matplotlib",
    "numba",
    "pandas",
    "PIL",
    "platformdirs",
    "pytest",
    "safetensors",
    "scipy",
    "sklearn",
    "sphinx",
    "torch",
    "tqdm",
    "argparse",
    "asyncio",
    "concurrent.futures",
    "importlib.metadata",
    "logging",
    "multiprocessing",
    "sqlite3",
    "tkinter",
    "unittest",
]

IMPORTS = f"""
import sys, importlib.metadata as metadata
def scanned(*args, **kwargs):
    raise SystemExit("entry points were read")
metadata.entry_points = metadata.distributions = scanned
for name in [name for name in sys.modules if name.startswith("importlib.metadata")]:
    del sys.modules[name]
sys.modules["importlib.metadata"] = None
import numpy
before = set(sys.modules)
import minitorch_cnn as mt
from minitorch_cnn import nn, optim, data, datasets
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Dense(8, 2))
nn.functional.cross_entropy(net(mt.zeros((1, 1, 4, 4))), mt.tensor([1])).backward()
optim.Adam(net.parameters()).step()
later = ("viz", "explain", "ledger", "equivariance", "gpu_check")
assert not {{f"minitorch_cnn.{{name}}" for name in later}} & set(sys.modules)
print(sorted(set({HEAVY!r}) & (set(sys.modules) - before)))
"""


def test_import_and_a_training_step_load_nothing_heavy_and_scan_no_metadata():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTS],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "MINITORCH_KERNELS": "auto"},
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


# --- who imports whom ---------------------------------------------------------------------------

HOMES = {
    "minitorch_cnn": Path(mt.__file__).parent,
    "minitorch_backends": Path(minitorch_backends.__file__).parent,
}


def modules():
    """Dotted name -> syntax tree of every module of both packages."""
    found = {}
    for package, home in HOMES.items():
        for file in sorted(home.rglob("*.py")):
            parts = [package, *file.relative_to(home).with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def statements(tree, *, top_only):
    """Import statements outside ``if TYPE_CHECKING``; only those run at import if ``top_only``."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not (top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
            waiting += ast.iter_child_nodes(node)


def imported(name, *, top_only):
    """Names of the modules that the module ``name`` imports."""
    for node in statements(MODULES[name], top_only=top_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            assert node.level == 0, f"{name}: relative import"
            for alias in node.names:
                assert alias.name != "*", f"{name}: import *"
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def ours(name):
    return name.partition(".")[0] in HOMES


def test_no_import_cycles():
    above: list[str] = []
    done: set[str] = set()

    def visit(name):
        if name in done:
            return
        assert name not in above, f"cycle: {' -> '.join([*above[above.index(name) :], name])}"
        above.append(name)
        for other in imported(name, top_only=True):
            if ours(other):
                visit(other)
        above.pop()
        done.add(name)

    for name in MODULES:
        visit(name)
    assert done == set(MODULES)


FLOORS = [
    "backends",
    "context_mode graph replay",
    "grad_mode tree backend",
    "anomaly autocast",
    "primitive engine host_data",
    "composition checkpoint",
    "ops",
    "creation inspection linalg tensor_methods tensor_operators tensor_standard tensor_text",
    "random tensor_copies tensor_exchange",
    "tensor",
    "tensor_alias tensor_mutable",
    "nn optim data io receipt array_api",
    "datasets models explain func ledger",
    "export train viz interop equivariance",
    "minitorch_cnn",
    "testing",
    "cli gpu_check",
    "__main__",
]
"""From the ground up: a module imports its own room and the floors below, never beside or above."""


def room(name):
    parts = name.split(".")
    return (
        "backends" if parts[0] == "minitorch_backends" else parts[1] if len(parts) > 1 else parts[0]
    )


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_downwards(name):
    floor = {r: number for number, line in enumerate(FLOORS) for r in line.split()}
    assert room(name) in floor, f"{name} stands on no floor; add it to FLOORS"
    for other in imported(name, top_only=False):
        if ours(other) and room(other) != room(name):
            assert floor[room(other)] < floor[room(name)], f"{name} imports {other}"


def test_the_derivation_reads_in_one_direction():
    chain = ["dense", "local", "conv"]
    for position, name in enumerate(chain):
        later = {f"minitorch_cnn.nn.{other}" for other in chain[position + 1 :]}
        assert not later & set(imported(f"minitorch_cnn.nn.{name}", top_only=False))
    for name in MODULES:
        if name.startswith("minitorch_cnn.nn.functional"):
            for other in imported(name, top_only=False):
                assert not other.startswith("minitorch_cnn.nn") or "functional" in other


def test_backends_know_no_tensor_and_ops_know_no_layer():
    for name in MODULES:
        if name.startswith("minitorch_backends"):
            assert not any(
                other.startswith("minitorch_cnn") for other in imported(name, top_only=False)
            )


def test_foreign_libraries_are_few_and_optional_ones_wait():
    allowed = {"numpy", "array_api_compat", "safetensors", "tqdm", "einops"}
    for name in MODULES:
        others = {o.partition(".")[0] for o in imported(name, top_only=True) if not ours(o)}
        compiled = (
            {"numba", "llvmlite"} if name.startswith("minitorch_backends.compiled.") else set()
        )
        assert others <= allowed | compiled | sys.stdlib_module_names, name


def test_what_chooses_compiled_kernels_imports_no_numba():
    others = imported("minitorch_backends.compiled", top_only=True)
    assert not {o.partition(".")[0] for o in others} & {"numba", "llvmlite"}
    for other in others:
        assert not other.startswith("minitorch_backends.compiled."), other


def test_every_module_opens_with_a_docstring():
    for name, tree in MODULES.items():
        assert ast.get_docstring(tree), f"{name} has no docstring"


def test_every_public_thing_has_a_docstring():
    for home in (mt, nn, functional, optim):
        for name in dir(home):
            thing = getattr(home, name)
            if not name.startswith("_") and callable(thing) and not isinstance(thing, np.dtype):
                assert inspect.getdoc(thing), f"{home.__name__}.{name} has no docstring"


# --- public names -------------------------------------------------------------------------------

ARRAY_FUNCTIONS = [
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "broadcast_arrays",
    "broadcast_to",
    "ceil",
    "clip",
    "concat",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "divide",
    "einsum",
    "empty",
    "empty_like",
    "equal",
    "erf",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "eye",
    "flatten",
    "flip",
    "floor",
    "floor_divide",
    "full",
    "full_like",
    "greater",
    "greater_equal",
    "hypot",
    "index_add",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "meshgrid",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "negative",
    "nextafter",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "pad",
    "permute_dims",
    "positive",
    "pow",
    "prod",
    "real",
    "reciprocal",
    "relu",
    "remainder",
    "repeat",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "searchsorted",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unstack",
    "var",
    "vecdot",
    "vector_norm",
    "where",
    "zeros",
    "zeros_like",
]

REST = [
    "Tensor",
    "tensor",
    "grad",
    "no_grad",
    "enable_grad",
    "is_grad_enabled",
    "GraphError",
    "use_backend",
    "backend_names",
    "BackendUnavailable",
    "OutOfDeviceMemory",
    "compositions",
    "draw",
    "equivariance_error",
    "explain_grad",
    "summary",
    "save",
    "load",
    "seed",
    "random",
    "nn",
    "optim",
    "data",
    "datasets",
    "linalg",
    "viz",
    "rand",
    "randn",
    "uniform",
    "normal",
    "randint",
    "randperm",
    "bernoulli",
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "bool_",
    "can_cast",
    "finfo",
    "iinfo",
    "isdtype",
    "result_type",
]

CONSTANTS = ["e", "inf", "nan", "newaxis", "pi"]


@pytest.mark.parametrize("name", ARRAY_FUNCTIONS + REST + CONSTANTS)
def test_public_names(name):
    assert hasattr(mt, name)


def test_what_is_loaded_when_asked_for_can_be_found():
    for name in (
        "datasets",
        "draw",
        "equivariance_error",
        "explain_grad",
        "func",
        "summary",
        "testing",
        "viz",
    ):
        assert name in dir(mt)
        assert callable(getattr(mt, name)) or isinstance(getattr(mt, name), ModuleType)
    with pytest.raises(AttributeError, match="no attribute 'drawing'"):
        _ = mt.drawing


def test_nothing_of_others_lies_about():
    for home in (mt, nn, functional, optim):
        for name, thing in vars(home).items():
            if name.startswith("_") or isinstance(thing, np.dtype) or name in CONSTANTS:
                continue
            origin = thing.__name__ if isinstance(thing, ModuleType) else type(thing).__module__
            origin = getattr(thing, "__module__", None) or origin
            assert origin.startswith("minitorch_"), f"{home.__name__}.{name} is of {origin}"


def test_all_lists_are_complete_and_sorted():
    for home in (nn, functional, optim):
        public = {
            name
            for name, thing in vars(home).items()
            if not name.startswith("_") and not isinstance(thing, ModuleType)
        }
        listed = {n for n in home.__all__ if not isinstance(getattr(home, n), ModuleType)}
        assert listed == public
        assert len(home.__all__) == len(set(home.__all__))


def test_the_dtypes_are_numpys():
    for name in ("float16", "float32", "float64", "int8", "int64", "uint8", "uint64", "bool"):
        assert getattr(mt, name) == np.dtype(name)


ADAM = "params, lr=0.001, betas=(0.9, 0.999), eps=1e-08"

SIGNATURES = {
    nn.Embedding.from_pretrained: (
        "embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0, "
        "scale_grad_by_freq=False, sparse=False"
    ),
    nn.EmbeddingBag.from_pretrained: (
        "embeddings, freeze=True, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
        "mode='mean', sparse=False, include_last_offset=False, padding_idx=None"
    ),
    nn.MultiheadAttention.forward: (
        "query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, "
        "average_attn_weights=True, is_causal=False"
    ),
    nn.Module.named_parameters: "prefix='', recurse=True, remove_duplicate=True",
    nn.Module.register_buffer: "name, tensor, persistent=True",
    nn.Module.register_parameter: "name, param",
    nn.utils.clip_grad_norm_: (
        "parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None"
    ),
    nn.utils.clip_grad_value_: "parameters, clip_value, foreach=None",
    nn.utils.parametrize.register_parametrization: "module, tensor_name, parametrization",
    nn.utils.parametrize.remove_parametrizations: ("module, tensor_name, leave_parametrized=True"),
    nn.utils.parametrizations.spectral_norm: (
        "module, name='weight', n_power_iterations=1, eps=1e-12, dim=None"
    ),
    nn.utils.parametrizations.weight_norm: "module, name='weight', dim=0",
    nn.Parameter: "data, requires_grad=True",
    nn.Buffer: "data, persistent=True",
    optim.SGD: "params, lr=0.001, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False",
    optim.Adam: ADAM + ", weight_decay=0.0, amsgrad=False",
    optim.AdamW: ADAM + ", weight_decay=0.01, amsgrad=False",
    optim.RMSprop: (
        "params, lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0.0, momentum=0.0, centered=False"
    ),
    nn.init.uniform_: "tensor, a=0.0, b=1.0",
    nn.init.constant_: "tensor, val",
    nn.init.xavier_normal_: "tensor, gain=1.0",
    nn.init.kaiming_uniform_: "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu'",
    mt.Tensor.backward: "gradient=None",
    mt.grad: "outputs, inputs, grad_outputs=None",
}


@pytest.mark.parametrize("thing", SIGNATURES, ids=lambda thing: thing.__qualname__)
def test_positional_arguments_are_pytorchs(thing):
    """Names, order and defaults; options of our own are keyword-only."""
    parameters = [
        f"{p.name}" if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in inspect.signature(thing).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"
    ]
    assert ", ".join(parameters) == SIGNATURES[thing]


def test_names_of_other_libraries_are_answered_with_ours():
    for theirs, ours in mt._OTHER_NAMES.items():
        assert attrgetter(ours)(mt)
        with pytest.raises(AttributeError, match=rf"no attribute '{theirs}'; .* mt\.{ours} here"):
            getattr(mt, theirs)
