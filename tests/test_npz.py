"""NumPy's archives of arrays: read whole, or refused."""

import io
import struct
import zipfile

import numpy as np
import pytest

import minitorch_cnn as mt


def written(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def header(shape, descr="<f4", fortran=False):
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape}}}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


ARRAYS = {
    "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "swapped": np.arange(3, dtype=">i4"),
    "layer/bias": np.array(2.5),
    "none": np.zeros((0, 3), np.float16),
    "flags": np.array([True, False]),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read(tmp_path, save, backend):
    if backend == "strict":
        arrays = {name: a for name, a in ARRAYS.items() if a.dtype != np.float16}
    else:
        arrays = ARRAYS
    save(tmp_path / "a.npz", **arrays)
    found = mt.load(tmp_path / "a.npz", backend=backend)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name].numpy(), array)
        assert found[name].dtype == array.dtype.newbyteorder("=")


def test_a_model_takes_them(tmp_path):
    net = mt.nn.Dense(3, 2)
    np.savez(tmp_path / "net.npz", weight=ARRAYS["weight"], bias=np.ones(2, np.float32))
    net.load_state_dict(mt.load(tmp_path / "net.npz"))
    np.testing.assert_array_equal(net.weight.detach().numpy(), ARRAYS["weight"])


class Mischief:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("a.npy", npy([Mischief()]))], "'a' has dtype object"),
        ([("a.npy", npy(["text"]))], "'a' has dtype <U4"),
        ([("a.npy", npy([1j]))], "'a' has dtype complex128"),
        ([("data.pkl", b"\x80")], "PyTorch .pt file, which holds pickle"),
        ([("a.txt", b"")], "'a.txt' in it is not an array"),
        ([("../a.npy", npy([1.0]))], "not a name but a path"),
        ([("/etc/a.npy", npy([1.0]))], "not a name but a path"),
        ([("a.npy", npy([1.0])[:-1])], "'a' has 7 bytes, expected 8"),
        ([("a.npy", npy([1.0]) + b"more")], "expected 8"),
        ([("a.npy", header((1 << 40,)) + b"\0" * 64)], "claims 4,398,046,511,104 bytes"),
        ([("a.npy", header((-1, 4)) + b"\0" * 64)], "Nothing was loaded"),
        ([("a.npy", header((1 << 70,)) + b"\0" * 64)], "claims"),
        ([("a.npy", header((2,), "|b1") + b"\1\2")], "truth values other than 0 and 1"),
        ([("a.npy", b"\x93NUMPY\x09\x00")], "version"),
        ([("a.npy", header("__import__('os')"))], "Nothing was loaded"),
        ([("a.npy", b"")], "Nothing was loaded"),
    ],
)
def test_what_is_refused(tmp_path, members, words, capsys):
    path = written(tmp_path / "a.npz", members)
    with pytest.raises(ValueError, match=r"a\.npz is not a whole \.npz file") as caught:
        mt.load(path)
    assert words in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_name_that_is_there_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = written(tmp_path / "a.npz", [("a.npy", npy([1.0]))] * 2)
    with pytest.raises(ValueError, match="'a' is there twice"):
        mt.load(path)


def test_an_archive_made_to_burst(tmp_path):
    content = header((1 << 28,)) + bytes(1 << 26)
    path = written(tmp_path / "a.npz", [("a.npy", content)], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 17
    with pytest.raises(ValueError, match="claim to hold arrays of"):
        mt.load(path)


def test_no_archive(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"text")
    with pytest.raises(ValueError, match="not a zip file"):
        mt.load(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError, match=r"no file .*b\.npz"):
        mt.load(tmp_path / "b.npz")
