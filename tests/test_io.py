"""Tensor files, trees, JSON and atomic writing: round trips, hostile files, failing disks."""

import errno
import io as bytesio
import json
import os
import pickle
import struct
import subprocess
import sys
import textwrap
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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


# --- files that load refuses --------------------------------------------------------------------


def file_with(header, data=b""):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(start, end, dtype="F32", shape=(1,)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def npz_bytes():
    file = bytesio.BytesIO()
    np.savez(file, a=np.ones(3))
    return file.getvalue()


def zip_bytes():
    file = bytesio.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return file.getvalue()


def npy_bytes():
    file = bytesio.BytesIO()
    np.save(file, np.ones(3))
    return file.getvalue()


class Planted:
    """A pickle that makes a file when it is read."""

    def __reduce__(self):
        return (os.mkdir, ("planted",))


ONE = json.dumps(entry(0, 4)).encode()
REFUSED = "is not a whole safetensors file: "
HOSTILE = {
    "empty": (b"", "it has 0 bytes"),
    "short": (b"abc", "it has 3 bytes"),
    "npz": (npz_bytes(), "a zip archive: an .npz file"),
    "PyTorch": (zip_bytes(), "a PyTorch .pt file"),
    "npy": (npy_bytes(), r"a NumPy \.npy file"),
    "pickle": (pickle.dumps(Planted()), "a pickle, which could run any program"),
    "text": (b"These are my weights: 1, 2, 3", "it looks like text"),
    "JSON": (b'{"weights": [1, 2, 3]}', "JSON text"),
    "page": (b"<!DOCTYPE html><html>404 not found</html>", "a web page"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
    "noise": (bytes(range(160, 255)), "its header claims"),
    "huge header": (struct.pack("<Q", 2**63) + b"{}", "its header claims 9,223,372"),
    "cut header": (struct.pack("<Q", 1000) + b'{"a":', "cut off in its header"),
    "overlap": (file_with({"a": entry(0, 4), "b": entry(0, 4)}, bytes(4)), REFUSED),
    "gap": (file_with({"a": entry(4, 8)}, bytes(8)), REFUSED),
    "backwards": (file_with({"a": entry(4, 0)}, bytes(8)), REFUSED),
    "beyond the end": (file_with({"a": entry(0, 4000, shape=(1000,))}, bytes(8)), REFUSED),
    "more than said": (file_with({"a": entry(0, 4)}, bytes(8)), REFUSED),
    "terabytes": (file_with({"a": entry(0, 2**42, shape=(2**40,))}, bytes(8)), REFUSED),
    "wrong size": (file_with({"a": entry(0, 4, shape=(7,))}, bytes(4)), REFUSED),
    "overflow": (file_with({"a": entry(0, 4, shape=(2**62, 4))}, bytes(4)), REFUSED),
    "negative": (file_with({"a": entry(0, 4, shape=(-1,))}, bytes(4)), REFUSED),
    "huge and empty": (file_with({"a": entry(0, 0, shape=(2**62, 0))}), "'a': array is too big"),
    "100 axes": (file_with({"a": entry(0, 4, shape=(1,) * 100)}, bytes(4)), "'a': maximum"),
    "dtype": (file_with({"a": entry(0, 4, dtype="F99")}, bytes(4)), REFUSED),
    "truth of 7": (file_with({"a": entry(0, 1, dtype="BOOL")}, b"\x07"), "other than 0 and 1"),
    "not JSON": (file_with(b"{,}"), REFUSED),
    "not UTF-8": (file_with(b'{"\xff":1}'), REFUSED),
    "deep": (file_with(b'{"a":' * 100_000), REFUSED),
    "twice": (
        file_with(b'{"a":%b,"a":%b}' % (ONE, ONE.replace(b"[0, 4]", b"[4, 8]")), bytes(8)),
        REFUSED,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_bad_file_is_refused_whole(path, monkeypatch, case):
    monkeypatch.chdir(path.parent)
    content, message = HOSTILE[case]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        mt.load(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_every_truncation_of_a_file_is_refused(path):
    mt.save({"a": np.arange(5.0), "b": np.ones((2, 2), "float32")}, path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="not a whole safetensors file"):
            mt.load(path)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "C64"])
def test_a_dtype_that_tensors_lack_is_named(path, dtype):
    sizes = {"BF16": 2, "F8_E4M3": 1, "C64": 8}
    path.write_bytes(file_with({"w": entry(0, sizes[dtype], dtype=dtype)}, bytes(sizes[dtype])))
    with pytest.raises(ValueError, match=f"'w' has dtype {dtype}.*convert it"):
        mt.load(path)


def test_no_file_and_no_regular_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mt\.save"):
        mt.load(tmp_path / "nothing.safetensors")
    with pytest.raises(ValueError, match="is a folder"):
        mt.load(tmp_path)
    mt.save(PREVIOUS, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"did you mean .*model\.safetensors"):
        mt.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        mt.load(tmp_path / "model.safetensors" / "inside")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="not a regular file"):
            mt.load(tmp_path / "pipe")


def test_a_header_full_of_names_is_read_within_bounds_or_refused(path):
    names = 20_000
    header = json.dumps({f"{n}": entry(0, 0, shape=(0,)) for n in range(names)}).encode()
    path.write_bytes(file_with(header))
    tracemalloc.start()
    try:
        assert len(mt.load(path)) == names
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    path.write_bytes(file_with(header.ljust(5 << 20)))
    with pytest.raises(ValueError, match="its header claims 5,242,880 bytes"):
        mt.load(path)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_files_are_read_or_refused_but_nothing_else(path, data):
    """Random cuts, insertions and changed bytes: ValueError or tensors within the file's size."""
    mt.save({"a": np.arange(5.0), "b": np.array(True), "c": np.zeros((0, 3))}, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        removed = data.draw(st.integers(0, 3))
        content[at : at + removed] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    try:
        tensors = mt.load(path)
    except ValueError:
        return
    assert sum(tensor.numpy().nbytes for tensor in tensors.values()) <= len(content)


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


# --- failing disks and killed processes ---------------------------------------------------------


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_previous_file_and_no_rubbish(path, monkeypatch, failing):
    mt.save(PREVIOUS, path)

    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="disk is full") as caught:
        mt.save({"new": np.ones(3)}, path)
    assert caught.value.errno == errno.ENOSPC
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(mt.load(path)["previous"].numpy(), PREVIOUS["previous"])


def test_an_exception_while_writing_leaves_the_previous_file(tmp_path):
    path = tmp_path / "note"
    path.write_text("previous")

    def write_half():
        with io.atomic_write(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "previous"
    assert [file.name for file in tmp_path.iterdir()] == ["note"]


def test_places_that_cannot_be_written_are_explained(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.safetensors").mkdir()
    for place, kind, message in (
        ("nowhere/a", FileNotFoundError, "create it first"),
        ("file/a", NotADirectoryError, "is a file"),
        ("folder", IsADirectoryError, "this is a folder"),
        ("x" * 300, OSError, "choose a shorter one"),
    ):
        with pytest.raises(kind, match=message):
            mt.save(PREVIOUS, tmp_path / f"{place}.safetensors")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.safetensors"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_explained(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="you may not write there"):
        mt.save(PREVIOUS, tmp_path / "a.safetensors")


def test_a_symbolic_link_is_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "state.safetensors"
    mt.save(PREVIOUS, target)
    link = tmp_path / "link.safetensors"
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("no symbolic links here")
    mt.save({"new": np.ones(1)}, link)
    assert link.is_symlink()
    assert list(mt.load(target)) == ["new"]


def test_a_new_file_has_ordinary_permissions(tmp_path):
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    (tmp_path / "plain").write_text("")
    with io.atomic_write(tmp_path / "note") as file:
        file.write(b"x")
    assert (tmp_path / "note").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_process_killed_while_writing_leaves_the_previous_file(tmp_path):
    path = tmp_path / "note"
    path.write_text("previous")
    program = f"""
        import os, signal
        from minitorch_cnn.io import atomic_write
        with atomic_write({str(path)!r}) as file:
            file.write(b"half"); file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert killed.returncode == -9
    assert path.read_text() == "previous"
    assert len(list(tmp_path.iterdir())) == 2
    io.atomic.remove_leftovers(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["note"]
