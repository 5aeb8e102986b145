"""User arrays stay in their library: NumPy and the ways to the host are used where it is meant.

Read from the sources. ``numpy.exp(x)`` of a CuPy array works and hides a mistake;
``bool(xp.any(x))`` works everywhere and makes the host wait for the GPU. So every module that calls
NumPy, and every function in ``ops`` and ``nn`` that asks for values, is in a table here, with the
reason.
"""

import ast

import pytest

import minitorch_cnn as mt
from cuda_emulator import emulator
from minitorch_cnn.nn import functional as F
from test_imports import MODULES

# --- calls of NumPy -----------------------------------------------------------------------------

HARMLESS = {
    *("dtype", "ndarray", "generic", "number", "integer", "bool_", "finfo", "iinfo", "isdtype"),
    *("float32", "float64", "int32", "int64", "result_type", "broadcast_shapes", "__version__"),
    *("random.Generator", "random.default_rng", "random.SeedSequence", "errstate", "nan", "inf"),
}
"""Types, their properties, and what draws numbers on the host: none of it looks into an array."""

HOST_MODULES = {
    "minitorch_backends.numpy": "the NumPy backend itself",
    "minitorch_backends.compiled": "kernels of the NumPy backend",
    "minitorch_backends.cupy": "its asarray takes what comes from the host",
    "minitorch_backends.strict": "its asarray and to_numpy are the doors",
    "minitorch_backends.testing": "draws cases on the host and compares there",
    "minitorch_cnn.gpu_check": "draws cases on the host and compares there",
    "minitorch_cnn.host_data": "what users pass as data, before it is an array of a backend",
    "minitorch_cnn.tensor_exchange": "numpy.asarray(tensor) and tensor.numpy(): asked for",
    "minitorch_cnn.tensor_text": "prints entries",
    "minitorch_cnn.cli": "files, pictures and tables",
    "minitorch_cnn.data": "prepares batches on the host",
    "minitorch_cnn.export": "writes a file",
    "minitorch_cnn.datasets": "reads files",
    "minitorch_cnn.train.metrics": "divides counts that were asked for",
    "minitorch_cnn.io": "reads and writes files",
    "minitorch_cnn.ledger": "counts links, which are tables of the host",
    "minitorch_cnn.testing": "compares entries on the host",
    "minitorch_cnn.viz": "draws",
    "minitorch_cnn.explain": "lists the terms of a gradient, on the host",
    "minitorch_cnn.equivariance": "measures, with inputs drawn on the host",
    "minitorch_cnn.nn.connection_table": "which inputs an output sees: a table of the host",
    "minitorch_cnn.nn.connectivity": "which inputs an output sees: a table of the host",
    "minitorch_cnn.nn.link_columns": "which inputs an output sees: a table of the host",
    "minitorch_cnn.nn.window_links": "which inputs an output sees: a table of the host",
    "minitorch_cnn.ops.links": "the order of links, worked out once from a table of the host",
    "minitorch_cnn.nn.functional.padding": "which entry goes where, from sizes alone",
    "minitorch_cnn.nn.functional.pooling": "how many entries a window has, from sizes alone",
    "minitorch_cnn.nn.functional.resampling": "which entries are mixed how, from sizes alone",
    "minitorch_cnn.nn.functional.sampling": "places of pixels, from sizes alone",
    "minitorch_cnn.ops.adaptive_pool": "edges of windows, from sizes alone",
    "minitorch_cnn.nn.functional.loss.sequence": "lengths of sequences, which decide shapes",
    "minitorch_cnn.nn.functional.embedding": "where bags begin, which decides shapes",
}
"""Modules, or packages, whose NumPy calls are for arrays that live on the host, and why."""

START_VALUES = {"empty", "full", "ones", "zeros"}
"""Arrays made on the host and brought to a backend at once; they take no array."""

SINGLE_CALLS = {
    ("minitorch_cnn.func.jacobians", "ndindex"): "positions in a shape",
    ("minitorch_cnn.nn.pool", "unique"): "sizes that a layer was given",
    ("minitorch_cnn.ops.arrange", "asarray"): "repeats given as a list",
    ("minitorch_cnn.ops.indexing", "asarray"): "an index given as a list",
    ("minitorch_cnn.ops.indexing", "size"): "an index given as a list",
}


def is_host(module):
    parts = module.split(".")
    return any(".".join(parts[:n]) in HOST_MODULES for n in range(1, len(parts) + 1))


def dotted(node):
    """``a.b.c`` of a chain of attributes that starts at a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (start := dotted(node.value)):
        return f"{start}.{node.attr}"
    return ""


def numpy_names(tree):
    """Names of NumPy that a module uses, with their line: each the longest chain."""
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.partition(".")[0] == "numpy"
    }
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numpy":
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Attribute) and id(node) not in inner:
            start, _, name = dotted(node).partition(".")
            if start in aliases:
                yield name, node.lineno


def wrong_calls(modules):
    for module, tree in modules.items():
        for name, line in numpy_names(tree):
            allowed = name in HARMLESS | START_VALUES or (module, name) in SINGLE_CALLS
            if not allowed and not is_host(module):
                yield f"{module}, line {line}: numpy.{name}"


def test_numpy_touches_no_user_array():
    wrong = list(wrong_calls(MODULES))
    assert not wrong, (
        "use the array's own library, xp = namespace(array), for "
        + "; ".join(wrong)
        + ". A call for numbers of the host belongs into a table of this file, with its reason"
    )


def test_a_stray_call_is_found_under_any_name():
    source = "import numpy as n\nfrom numpy import exp\n\ndef f(x):\n    return n.linalg.norm(x)\n"
    found = list(wrong_calls({"minitorch_cnn.ops.new": ast.parse(source)}))
    assert found == [
        "minitorch_cnn.ops.new, line 2: numpy.exp",
        "minitorch_cnn.ops.new, line 5: numpy.linalg.norm",
    ]


def test_the_tables_of_numpy_name_what_exists():
    used = {(module, name) for module, tree in MODULES.items() for name, _ in numpy_names(tree)}
    users = {module for module, name in used if name not in HARMLESS}
    assert not [call for call in SINGLE_CALLS if call not in used or is_host(call[0])]
    for listed in HOST_MODULES:
        assert any(f"{module}.".startswith(f"{listed}.") for module in users), listed


# --- ways to the host ---------------------------------------------------------------------------

DOORS = {"to_numpy", "item", "numpy", "tolist", "asnumpy"}
ASKING = {"any", "all", "min", "max", "sum", "argmax", "argmin", "count_nonzero"}


def asks(node):
    """Whether an expression reduces an array: ``xp.any(...)``, ``namespace(x).max(...)``."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            owner = part.func.value
            of_xp = isinstance(owner, ast.Name) and owner.id == "xp"
            of_call = isinstance(owner, ast.Call) and dotted(owner.func) == "namespace"
            if part.func.attr in ASKING and (of_xp or of_call):
                return True
    return False


def ways_to_the_host(tree):
    """(function, line) wherever an entry is brought to the host, but in the text of an error."""
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]

    def around(line):
        return [f.name for f in functions if f.lineno <= line <= f.end_lineno]

    for node in ast.walk(tree):
        found = False
        if isinstance(node, ast.Call):
            door = isinstance(node.func, ast.Attribute) and node.func.attr in DOORS
            turned = isinstance(node.func, ast.Name) and node.func.id in ("bool", "int", "float")
            found = door or (turned and any(map(asks, node.args)))
        elif isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            found = asks(node.test)
        if found and "error" not in (names := around(node.lineno)):
            yield names[0] if names else "", node.lineno


LISTED = {
    ("minitorch_cnn.nn.connection_table", "rank"): "counts degrees of freedom, on the host",
    ("minitorch_cnn.nn.functional.embedding", "_host"): "offsets and paddings decide shapes",
    ("minitorch_cnn.nn.functional.embedding", "one_hot"): "no num_classes: the shape is asked for",
    ("minitorch_cnn.nn.functional.embedding", "_bag_starts"): "an error about offsets",
    ("minitorch_cnn.nn.functional.loss.sequence", "_lengths"): "lengths decide shapes",
    ("minitorch_cnn.nn.link_columns", "checked_columns"): "a table of the host",
    ("minitorch_cnn.nn.module", "_equal"): "compares states when they are loaded",
    ("minitorch_cnn.nn.utils.clip", "get_total_norm"): "only with error_if_nonfinite",
    ("minitorch_cnn.ops.arguments", "coerce"): "NumPy scalars, which live on the host",
    ("minitorch_cnn.ops.arrange", "_counts"): "repeats decide the shape",
    ("minitorch_cnn.ops.shape", ""): "the operation `to` between backends: asked for",
}
"""Functions of ``ops`` and ``nn`` that bring entries to the host, and why they have to."""


def doors(modules):
    for module, tree in modules.items():
        if module.startswith(("minitorch_cnn.ops", "minitorch_cnn.nn")):
            for function, line in ways_to_the_host(tree):
                yield module, function, line


def test_operations_and_layers_wait_for_no_value():
    wrong = [
        f"{module}, line {line}, in {function}"
        for module, function, line in doors(MODULES)
        if (module, function) not in LISTED
    ]
    assert not wrong, (
        "this makes the host wait for the device: check with refuse_if(wrong, error), decide with "
        "xp.where, or list it in this file with its reason: " + "; ".join(wrong)
    )


def test_the_list_of_doors_names_what_exists():
    assert set(LISTED) == {(module, function) for module, function, _ in doors(MODULES)}


@pytest.mark.parametrize(
    "line",
    [
        *("return x.item()", "return int(xp.max(x))", "if xp.any(x > 0): return x"),
        *("return home.to_numpy(x)", "return 1 if not namespace(x).all(x) else 0"),
    ],
)
def test_a_door_is_found(line):
    tree = ast.parse(f"def f(x):\n    {line}\n")
    assert list(doors({"minitorch_cnn.ops.new": tree})) == [("minitorch_cnn.ops.new", "f", 2)]


# --- the same, seen to happen -------------------------------------------------------------------

CALLS = {
    "embedding": lambda x, n: F.embedding(n, x),
    "one_hot": lambda x, n: F.one_hot(n, 4),
    "binary_cross_entropy": lambda x, n: F.binary_cross_entropy(x, x),
    "gaussian_nll_loss": lambda x, n: F.gaussian_nll_loss(x, x, x),
    "cross_entropy": lambda x, n: F.cross_entropy(x, n),
    "ctc_loss": lambda x, n: F.ctc_loss(
        mt.reshape(x, (4, 1, 4)), mt.reshape(n[:2], (1, 2)), [4], [2]
    ),
    "max_unpool2d": lambda x, n: F.max_unpool2d(
        mt.reshape(x, (1, 1, 4, 4)), mt.reshape(mt.arange(16, backend="cupy"), (1, 1, 4, 4)), 2
    ),
}


@pytest.mark.skipif(not emulator.available(), reason="counts events of emulated CUDA")
@pytest.mark.parametrize("name", CALLS)
def test_checks_of_arguments_wait_for_nothing(name):
    """Emulated: the second call, when every kernel is compiled, leaves the host free."""
    with mt.use_backend("cupy") as home:
        x, n = mt.full((4, 4), 0.5, requires_grad=True), mt.tensor([0, 1, 2, 3])
        for _ in range(2):
            home.synchronize()
            with emulator.record() as recording:
                y = CALLS[name](x, n)
                if y.requires_grad:
                    y.sum().backward()
            x.grad = None
    assert recording["device_to_host"] == 0
    assert recording.synchronisations == 0
