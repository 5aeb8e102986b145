"""Tensor files, trees and JSON: what is written comes back, what cannot be is refused."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import minitorch_cnn as mt
from minitorch_cnn import io, nn

DTYPES = [
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
]
PREVIOUS = {"previous": np.array([1.5, 2.5])}


def round_trip(state, path):
    mt.save(state, path)
    return {name: tensor.numpy() for name, tensor in mt.load(path).items()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


# --- round trips --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3, 4)])
def test_every_dtype_and_shape_comes_back_bit_for_bit(path, dtype, shape):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 100, shape).astype(dtype)
    back = round_trip({"a": array}, path)["a"]
    assert back.dtype == array.dtype
    assert back.shape == shape
    assert back.tobytes() == array.tobytes()


def test_nan_infinity_and_minus_zero_keep_their_bits(path):
    array = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324])
    assert round_trip({"a": array}, path)["a"].tobytes() == array.tobytes()


def test_arrays_in_any_memory_layout_are_written_by_value(path):
    base = np.arange(24.0).reshape(2, 3, 4)
    layouts = {
        "transposed": base.T,
        "stepped": base[:, ::2, ::-1],
        "fortran": np.asfortranarray(base),
        "broadcast": np.broadcast_to(base[:1], (5, 3, 4)),
        "big endian": base.astype(">f8"),
    }
    back = round_trip(layouts, path)
    for name, array in layouts.items():
        np.testing.assert_array_equal(back[name], array)


def test_a_model_comes_back_with_its_buffers(path):
    mt.seed(0)
    model = nn.Sequential(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.ReLU())
    model(mt.tensor(np.random.default_rng(0).normal(size=(8, 3)).astype("float32")))
    mt.save(model, path)
    other = nn.Sequential(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.ReLU())
    other.load_state_dict(mt.load(path))
    state = other.state_dict()
    assert list(state) == list(model.state_dict())
    assert "1.running_mean" in state
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(state[name].numpy(), tensor.numpy())


def test_loaded_tensors_go_to_the_backend_asked_for(path):
    mt.save({"a": np.ones(2)}, path)
    tensor = mt.load(path, backend="strict")["a"]
    assert tensor.backend == "strict"
    np.testing.assert_array_equal(tensor.numpy(), np.ones(2))
    again = round_trip({"b": tensor, "tied": tensor}, path)
    np.testing.assert_array_equal(again["tied"], np.ones(2))
    assert list(load_file(path)) == ["b"]


def test_metadata_is_kept(path):
    mt.save({"a": np.ones(1)}, path, metadata={"model": "lenet", "note": "ünïcode"})
    assert io.read_metadata(path) == {"model": "lenet", "note": "ünïcode"}


def test_the_library_itself_reads_our_file_and_we_read_its(path):
    array = np.arange(6, dtype="float32").reshape(2, 3)
    mt.save({"a": array.T}, path)
    np.testing.assert_array_equal(load_file(path)["a"], array.T)
    save_file({"b": array}, path, metadata={"format": "np"})
    np.testing.assert_array_equal(mt.load(path)["b"].numpy(), array)


# --- tied parameters ----------------------------------------------------------------------------


def test_a_tied_parameter_is_written_once_and_given_back_under_every_name(path):
    encoder, decoder = nn.Dense(3, 3), nn.Dense(3, 3)
    decoder.weight = encoder.weight
    model = nn.Sequential(encoder, decoder)
    mt.save(model, path)
    with safe_open(path, "np") as file:
        assert sorted(file.keys()) == ["0.bias", "0.weight", "1.bias"]
        assert file.metadata() == {"1.weight": "0.weight"}
    state = mt.load(path)
    assert state["1.weight"] is state["0.weight"]
    model.load_state_dict(state)
    assert model[1].weight is model[0].weight
    assert io.read_metadata(path) == {}


def test_equal_values_and_overlapping_memory_are_not_taken_for_ties(path):
    base = np.zeros(6)
    state = {
        "a": base,
        "same values": np.zeros(6),
        "reversed": base[::-1],
        "part": base[:3],
        "shaped": base.reshape(2, 3),
        "empty": base[:0],
        "also empty": base[:0].reshape(0, 4),
    }
    mt.save(state, path)
    assert sorted(load_file(path)) == sorted(state)


def test_metadata_that_would_read_as_a_tie_is_refused(path):
    with pytest.raises(ValueError, match="would read as a tied parameter"):
        mt.save({"lenet": np.ones(1)}, path, metadata={"model": "lenet"})
    assert not path.exists()


# --- what save refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        ({"a": np.ones(2, complex)}, ValueError, "'a' has dtype complex128, expected one of bool"),
        ({"a": np.array(["x"])}, ValueError, "'a' has dtype <U1"),
        ({"a": np.array([object()])}, ValueError, "'a' has dtype object"),
        ({"a": [1.0]}, TypeError, "'a' is a list, expected a Tensor"),
        ({3: np.ones(2)}, TypeError, "names of tensors are strings .* got 3"),
        ({"__metadata__": np.ones(2)}, TypeError, "__metadata__"),
        ([np.ones(2)], TypeError, "expected a model or a dict of named tensors, got list"),
    ],
)
def test_save_refuses_what_the_format_cannot_hold(path, state, kind, message):
    mt.save(PREVIOUS, path)
    with pytest.raises(kind, match=message):
        mt.save(state, path)
    np.testing.assert_array_equal(mt.load(path)["previous"].numpy(), PREVIOUS["previous"])


@pytest.mark.parametrize("name", ["model.pt", "model", "model.npz"])
def test_save_wants_the_suffix_that_tells_the_format(tmp_path, name):
    with pytest.raises(ValueError, match=r"should be called .*model\.safetensors"):
        mt.save(PREVIOUS, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# --- trees --------------------------------------------------------------------------------------


def plain(tree):
    """A tree with its tensors as (dtype, values), so that trees can be compared."""
    if isinstance(tree, mt.Tensor):
        return str(tree.dtype), tree.numpy().tolist()
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(plain(item) for item in tree)
    return tree


def test_a_tree_comes_back_with_its_types(path):
    tree = {
        "state": {0: {"step": 3, "average": mt.tensor([0.5])}, 1: {}, "1": mt.tensor(True)},
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "nesterov": False, "params": [0, 1]}],
        "a": {"b": mt.tensor([1, 2])},
        "a.b": mt.tensor([3, 4]),
        "big": 2**127 + 1,
        "odd floats": [float("inf"), -0.0, 5e-324, 0.1 + 0.2],
        "none": None,
        "tensor": {"tensor": "not a reference"},
        "text": "ünï",
    }
    io.save_tree(tree, path)
    back = io.load_tree(path)
    assert plain(back) == plain(tree)
    assert repr(plain(back)) == repr(plain(tree))


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": [1, {2, 3}]}, "'a.1' is a set"),
        ({"a": np.float32(1)}, "'a' is a float32"),
        ({"a": {1.5: 2}}, "key 1.5 at 'a' is a float"),
        ({True: 1}, "key True at 'the top' is a bool"),
    ],
)
def test_a_tree_refuses_other_types_by_place(path, tree, message):
    with pytest.raises(TypeError, match=message):
        io.save_tree(tree, path)
    assert not path.exists()


@pytest.mark.parametrize(
    "note",
    [
        "{",
        '{"dict": 3}',
        '{"set": []}',
        '{"tensor": "absent"}',
        '{"tensor": []}',
        '{"dict": [[[], 1]]}',
        "{}",
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_damaged_tree_is_refused(path, note):
    save_file({}, path, metadata={"minitorch_cnn.tree": note})
    with pytest.raises(ValueError, match="how its tensors are nested is damaged"):
        io.load_tree(path)


def test_plain_tensors_are_no_tree(path):
    mt.save(PREVIOUS, path)
    with pytest.raises(ValueError, match="use load"):
        io.load_tree(path)


# --- JSON ---------------------------------------------------------------------------------------


def test_json_comes_back_and_refuses_nan(tmp_path):
    path = tmp_path / "run.json"
    io.write_json({"loss": 0.1, "name": "ü"}, path)
    assert io.read_json(path) == {"loss": 0.1, "name": "ü"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        io.write_json({"loss": float("nan")}, path)
    assert io.read_json(path)["loss"] == 0.1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe", pytest.param(b"[" * 100_000, id="deep")]
)
def test_damaged_json_is_refused(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"run\.json"):
        io.read_json(path)
    with pytest.raises(ValueError, match="is a folder"):
        io.read_json(tmp_path)
