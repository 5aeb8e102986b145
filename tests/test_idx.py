"""IDX files: what is read, and what is refused."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_cnn.datasets.idx import read_idx, read_images, read_labels

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
LABELS = np.array([3, 0, 9, 9, 1], np.uint8)


def packed(array, code=8):
    """The bytes of an IDX file."""
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()
    )


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "some-idx-ubyte"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_intact_files(write, pack):
    images = read_images(write(pack(packed(IMAGES))))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(read_labels(write(pack(packed(LABELS))), classes=10), LABELS)


def header(*shape, code=8):
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


WHOLE = packed(IMAGES)
DAMAGED = {
    "empty": (b"", "truncated: 0 bytes"),
    "short magic": (WHOLE[:3], "truncated: 3 bytes"),
    "short header": (WHOLE[:10], "truncated inside its header"),
    "one value short": (WHOLE[:-1], r"shape \(5, 4, 3\) needs 60 values, found 59"),
    "one byte over": (WHOLE + b"\0", "bytes follow the 60 values"),
    "text": (b"<!DOCTYPE html>", "no IDX file: it begins with b'<!DO'"),
    "labels": (packed(LABELS), r"holds labels \(1 dimension, magic number 2049\), expected pic"),
    "floats": (header(5, 4, 3, code=0x0D) + bytes(240), "type code is 0x0d, expected 0x08"),
    "no pictures": (header(0, 28, 28), "no pixel"),
    "no pixels": (header(9, 0, 28), "no pixel"),
    "huge": (header(2**32 - 1, 2**32 - 1, 2**32 - 1), "over the 1073741824 allowed"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files(write, content, message, pack):
    path = write(pack(content))
    with pytest.raises(ValueError, match=message) as caught:
        read_images(path)
    assert str(path) in str(caught.value)
    assert "Replace it" in str(caught.value)


def test_wrong_labels(write):
    with pytest.raises(ValueError, match=r"label 9 at position 2 is outside 0\.\.8"):
        read_labels(write(packed(LABELS)), classes=9)
    with pytest.raises(ValueError, match="no labels"):
        read_labels(write(header(0)))
    with pytest.raises(ValueError, match=r"magic number 2051\), expected labels"):
        read_labels(write(WHOLE))


@pytest.mark.parametrize("cut", [5, 12, 20, -9, -1])
def test_cut_gzip_streams(write, cut):
    with pytest.raises(ValueError, match="gzip stream is damaged or cut short"):
        read_images(write(gzip.compress(WHOLE)[:cut]))


def test_gzip_with_a_wrong_checksum(write):
    content = bytearray(gzip.compress(WHOLE))
    content[-6] ^= 1
    with pytest.raises(ValueError, match="gzip stream is damaged"):
        read_images(write(bytes(content)))


def memory_of(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_header_alone_claims_no_memory(write):
    path = write(header(1000, 1000, 1000) + bytes(100))

    def read():
        with pytest.raises(ValueError, match="needs 1000000000 values, found 100"):
            read_images(path)

    assert memory_of(read) < 8e6


@pytest.mark.parametrize(
    ("shape", "message"),
    [((10, 28, 28), "bytes follow"), ((2**30, 28, 28), "allowed"), ((200, 1000, 1000), "allowed")],
)
def test_gzip_bombs_are_refused_in_little_memory(write, shape, message):
    path = write(gzip.compress(header(*shape) + bytes(200_000_000), compresslevel=1))
    assert path.stat().st_size < 1_000_000

    def read():
        with pytest.raises(ValueError, match=message):
            read_images(path, max_bytes=10_000_000)

    assert memory_of(read) < 8e6


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_images(tmp_path / "absent")


def read_or_none(read):
    try:
        return read()
    except ValueError:
        return None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40) | st.binary(max_size=30).map(lambda rest: header(2, 3, 2) + rest))
def test_any_bytes_are_read_exactly_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any-idx"
    path.write_bytes(content)
    array = read_or_none(lambda: read_idx(path, 3))
    assert array is None or packed(array) == content


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(gzip.compress(WHOLE, mtime=0)) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_gzip_file_is_harmless_or_refused(tmp_path_factory, place, change):
    content = bytearray(gzip.compress(WHOLE, mtime=0))
    content[place] ^= change
    path = tmp_path_factory.getbasetemp() / "any-idx.gz"
    path.write_bytes(bytes(content))
    array = read_or_none(lambda: read_images(path))
    # Read it may be where the change was in the gzip header's date or the like.
    assert array is None or np.array_equal(array, IMAGES)
