"""Hostile and damaged tensor files, failing disks, killed processes."""

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

import minitorch_cnn as mt
from minitorch_cnn import io

PREVIOUS = {"previous": np.array([1.5, 2.5])}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


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


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3"])
def test_a_dtype_that_tensors_lack_is_named(path, dtype):
    sizes = {"BF16": 2, "F8_E4M3": 1}
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
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
