"""DLPack both ways, and ``np.asarray``: what is shared, what is copied, what is refused."""

import array_api_strict
import numpy as np
import pytest

import minitorch_cnn as mt

DTYPES = ["float16", "float32", "float64", "int8", "int64", "uint8", "uint64", "bool"]


class OldConsumer:
    """Asks as libraries did before DLPack 1.0: without ``max_version``."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, stream=None, **newer):
        return self.tensor.__dlpack__(stream=stream)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


class Elsewhere:
    """An array on a device that no backend holds."""

    def __dlpack__(self, **options):
        raise AssertionError("it was asked for")

    def __dlpack_device__(self):
        return (8, 3)  # Metal


# --- out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_shares_the_entries_read_only(dtype):
    x = mt.tensor([[0, 1], [1, 0]], dtype=dtype)
    array = np.from_dlpack(x.mT)
    assert (array.dtype, array.tolist()) == (dtype, [[0, 1], [1, 0]])
    assert np.shares_memory(array, x.data)
    assert not array.flags.writeable


def test_a_copy_if_asked_for():
    x = mt.tensor([1.0, 2.0])
    array = np.from_dlpack(x, copy=True)
    array[0] = 5.0
    assert x.tolist() == [1.0, 2.0]


def test_consumers_that_know_no_read_only_flag_get_a_copy():
    x = mt.tensor([1.0, 2.0])
    array = np.from_dlpack(OldConsumer(x))
    assert array.tolist() == [1.0, 2.0]
    assert not np.shares_memory(array, x.data)
    with pytest.raises(BufferError):
        x.__dlpack__(copy=False)
    with pytest.raises(BufferError):
        x.__dlpack__(max_version=(0, 8), copy=False)


def test_the_device_is_that_of_the_array(backend):
    device = mt.ones(2, backend=backend).__dlpack_device__()
    assert device == ((2, 0) if backend == "cupy" else (1, 0))  # DLPack's numbers of CUDA and CPU
    assert [type(n) for n in device] == [int, int]


@pytest.mark.parametrize("export", [np.from_dlpack, mt.from_dlpack, lambda x: x.__dlpack__()])
def test_gradients_are_not_lost_on_the_way(export, backend):
    x = mt.ones(2, requires_grad=True)
    for tensor in (x, x * 2):
        with pytest.raises(BufferError, match=r"gradient.*\.detach\(\)"):
            export(tensor)
    if backend == "cupy" and export is np.from_dlpack:
        with pytest.raises((BufferError, RuntimeError), match="device"):  # of NumPy's own
            export(x.detach())
    else:
        export(x.detach())


# --- in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_from_numpy_without_copying(dtype):
    array = np.array([[0, 1], [1, 0]], dtype)
    x = mt.from_dlpack(array)
    assert isinstance(x, mt.Tensor)
    assert (x.dtype, x.tolist(), x.backend) == (dtype, [[0, 1], [1, 0]], "numpy")
    assert not x.requires_grad
    assert np.shares_memory(x.data, array)
    assert not x.data.flags.writeable
    assert array.flags.writeable


def test_copy_or_not():
    array = np.ones(2, np.float32)
    assert not np.shares_memory(mt.from_dlpack(array, copy=True).data, array)
    assert np.shares_memory(mt.from_dlpack(array, copy=False).data, array)
    with pytest.raises(BufferError, match=r"copy=False.*'strict'.*'numpy'"):
        mt.from_dlpack(mt.ones(2, backend="strict"), device="cpu", copy=False)


def test_arrays_of_other_libraries_come_to_the_backend_of_their_device():
    x = mt.from_dlpack(OldConsumer(mt.tensor([1.0, 2.0])))
    assert (x.backend, x.tolist()) == ("numpy", [1.0, 2.0])


def test_own_arrays_stay_where_they_are(backend):
    x = mt.tensor([1.0, 2.0])
    for source in (x, x.data):
        y = mt.from_dlpack(source)
        assert (y.backend, y.tolist()) == (backend, [1.0, 2.0])
    there = mt.from_dlpack(x, device=mt.ones(1, backend="strict").device)
    assert (there.backend, there.tolist()) == ("strict", [1.0, 2.0])


def test_strict_arrays_and_back():
    x = mt.tensor([1.0, 2.0])
    assert bool(array_api_strict.all(array_api_strict.from_dlpack(x) == 1.0)) is False
    assert array_api_strict.from_dlpack(x).dtype == array_api_strict.float32


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ([1.0, 2.0], TypeError, r"list.*mt\.tensor"),
        (Elsewhere(), BufferError, "type 8.*number 3"),
        (np.array([1j]), TypeError, "complex128"),
    ],
    ids=["list", "device", "dtype"],
)
def test_what_cannot_come(source, error, words):
    with pytest.raises(error, match=words):
        mt.from_dlpack(source)


def test_a_dtype_that_numpy_does_not_know():
    class Unknown(Elsewhere):
        def __dlpack__(self, **options):
            raise RuntimeError("Unsupported dtype in DLTensor.")

        def __dlpack_device__(self):
            return (1, 0)

    with pytest.raises(TypeError, match=r"Unsupported dtype.*convert"):
        mt.from_dlpack(Unknown())


# --- np.asarray ---------------------------------------------------------------------------------


def test_asarray_is_a_read_only_view():
    x = mt.tensor([1.0, 2.0])
    array = np.asarray(x)
    assert np.shares_memory(array, x.data)
    assert array is not x.data
    assert not array.flags.writeable
    assert np.shares_memory(np.array(x, copy=False), x.data)


def test_copies_and_dtypes_are_as_in_numpy_2():
    x = mt.tensor([1.0, 2.0])
    for copied in (np.array(x), np.asarray(x, copy=True), np.asarray(x, dtype=np.float64)):
        assert copied.flags.writeable
        assert not np.shares_memory(copied, x.data)
    assert np.asarray(x, dtype=int).dtype == np.int64
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float64, copy=False)


def test_what_is_built_on_asarray():
    x = mt.tensor([1.0, 2.0])
    np.testing.assert_array_equal(x, [1.0, 2.0])
    np.testing.assert_allclose([1.0, 2.0], x)
    assert np.stack([x, x]).shape == np.array([x, x]).shape == (2, 2)
    assert np.allclose(x, x)
    array = np.zeros(2)
    array[:] = x
    array[x > 1] = 7.0
    assert array.tolist() == [1.0, 7.0]
    assert np.arange(4)[mt.tensor([3, 1])].tolist() == [3, 1]
    assert isinstance(np.ones(2) + x, mt.Tensor)


@pytest.mark.parametrize("convert", [np.asarray, np.array, lambda x: np.stack([x, x])])
def test_what_asarray_refuses(convert):
    x = mt.ones(2, requires_grad=True)
    for tensor in (x, x * 2):
        with pytest.raises(TypeError, match=r"gradient.*\.detach\(\)"):
            convert(tensor)
    with pytest.raises(TypeError, match=r"'strict'.*\.numpy\(\).*\.to\(\"numpy\"\)"):
        convert(mt.ones(2, backend="strict"))


def test_pictures_are_drawn_of_tensors():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots()
    (line,) = axes.plot(mt.arange(3), mt.tensor([1.0, 4.0, 9.0]))
    assert line.get_ydata().tolist() == [1.0, 4.0, 9.0]
    assert axes.imshow(mt.ones((2, 2))).get_array().shape == (2, 2)
