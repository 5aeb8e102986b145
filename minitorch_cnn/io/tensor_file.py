"""``save`` and ``load``: named tensors in one safetensors file.

The format is read and written by the ``safetensors`` library; here are the questions around it:
what a bad file looks like, tied parameters, and the way from tensors to arrays and back. Imports
tensors and nothing above them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from minitorch_cnn.creation import asarray
from minitorch_cnn.io.atomic import atomic_write
from minitorch_cnn.io.npz_file import read_npz
from minitorch_cnn.tensor import Tensor

SUFFIX = ".safetensors"

_MAX_HEADER_BYTES = 2 << 20
"""Room for some 20,000 named tensors; bounds what a hostile header can make us allocate."""

_DTYPES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
"""The dtypes of tensors, and the format's names for them."""

_LOOKS = (
    (b"PK\x03\x04", "a zip archive: an .npz file, or a PyTorch .pt file (which holds pickle)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x80", "a pickle, which could run any program when read"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x1f\x8b", "a gzip file"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
    (b"<", "a web page or XML"),
    (b"{", "JSON text"),
)


def save(
    model_or_state_dict: Any,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a model's state, or any dict of named tensors, to a safetensors file.

    A tensor that appears under several names (tied parameters) is written once, under its first
    name; the other names are written to the file's metadata as ``{alias: first name}``, which is
    also what ``safetensors.torch.save_model`` does, and :func:`load` gives them back.

    Parameters
    ----------
    model_or_state_dict : Module or mapping of str to Tensor
        Anything with a ``state_dict()``, or the state dict; NumPy arrays are welcome as values.
    path : str or path-like
        The file to write, named ``*.safetensors``. Written atomically: a file that is there
        already is replaced by a whole new one or not at all.
    metadata : mapping of str to str, optional
        Notes to keep in the file, see :func:`read_metadata`.

    Raises
    ------
    ValueError
        If the name ends differently, or a dtype has no counterpart in the format.
    TypeError
        If a name is not a string, or a value is not a tensor.
    OSError
        If the file cannot be written: full disk, no permission, missing folder.

    Examples
    --------
    >>> import tempfile
    >>> import minitorch_cnn as mt
    >>> folder = tempfile.TemporaryDirectory()
    >>> weight = mt.tensor([1.0, 2.0])
    >>> mt.save({"weight": weight, "tied": weight}, folder.name + "/pair.safetensors")
    >>> {name: tensor.numpy().tolist() for name, tensor in
    ...  mt.load(folder.name + "/pair.safetensors").items()}
    {'weight': [1.0, 2.0], 'tied': [1.0, 2.0]}
    >>> folder.cleanup()
    """
    from safetensors.numpy import save as to_bytes

    if Path(path).suffix != SUFFIX:
        raise ValueError(
            f"save writes safetensors, so the file should be called "
            f"{Path(path).with_suffix(SUFFIX)}, not {os.fspath(path)}"
        )
    state = _state_dict(model_or_state_dict)
    aliases = _aliases(state)
    arrays = {name: _storable(name, value) for name, value in state.items() if name not in aliases}
    notes = dict(metadata or {})
    for key, text in notes.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(f"save: metadata maps text to text, got {key!r}: {text!r}")
        if key in state or text in arrays:
            raise ValueError(
                f"save: the metadata entry {key!r}: {text!r} would read as a tied parameter, "
                "because it uses the name of a tensor; choose other words"
            )
    content = to_bytes(arrays, metadata=notes | aliases)
    with atomic_write(path) as file:
        file.write(content)


def load(path: str | os.PathLike[str], *, backend: str | None = None) -> dict[str, Tensor]:
    """Read a safetensors or ``.npz`` file, whoever wrote it, as a dict of named tensors.

    Nothing in the file is ever executed. A file that is truncated, damaged or of another kind is
    refused whole, and memory is allocated for data that is in the file, never for what a header
    merely claims.

    Parameters
    ----------
    path : str or path-like
        The file to read; by its name, ``.npz`` is NumPy's archive of arrays (which may not hold
        objects), and all else is safetensors.
    backend : str, optional
        Where the tensors should live; the default backend if not given.

    Returns
    -------
    dict of str to Tensor
        Ready for ``model.load_state_dict``. Names that were tied give the same Tensor.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a whole file of its kind, or uses a dtype that tensors do not have here.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> mt.load("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: no file nowhere.safetensors; mt.save(model, path) writes one
    """
    if Path(path).suffix == ".npz":
        arrays: dict[str, Any] = read_npz(path, frozenset(_DTYPES))
        notes: dict[str, str] = {}
    else:
        arrays, notes = _read(path)
    tensors = {name: asarray(array, backend=backend) for name, array in arrays.items()}
    aliases = {name: tensors[kept] for name, kept in _alias_notes(notes, tensors).items()}
    return tensors | aliases


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the notes of a safetensors file: ``metadata`` of :func:`~minitorch_cnn.save`.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`minitorch_cnn.load`.
    """
    with _open(path) as file:
        names = set(file.keys())
        notes: dict[str, str] = file.metadata() or {}
    tied = _alias_notes(notes, names)
    return {key: text for key, text in notes.items() if key not in tied}


# --- writing ------------------------------------------------------------------------------------


def _state_dict(model_or_state_dict: Any) -> dict[str, Any]:
    state = model_or_state_dict
    if callable(getattr(state, "state_dict", None)):
        state = state.state_dict()
    if not isinstance(state, Mapping):
        raise TypeError(
            f"save: expected a model or a dict of named tensors, got {type(state).__name__}"
        )
    for name in state:
        if not isinstance(name, str) or name == "__metadata__":
            raise TypeError(
                f"save: names of tensors are strings (and not '__metadata__'), got {name!r}"
            )
    return dict(state)


def _aliases(state: Mapping[str, Any]) -> dict[str, str]:
    """Find names of a tensor that has an earlier name: ``{later name: first name}``."""
    # Kept alive together, so that no two of them can have the same address by turns.
    arrays = [value.data if isinstance(value, Tensor) else value for value in state.values()]
    first_names: dict[Any, str] = {}
    aliases = {}
    for name, array in zip(state, arrays, strict=True):
        first_name = first_names.setdefault(_identity(array), name)
        if first_name != name:
            aliases[name] = first_name
    return aliases


def _identity(array: Any) -> Any:
    """Equal for two arrays exactly when they are one array, not merely of equal values.

    Two state-dict entries of one parameter may come as two NumPy views of one memory; so the
    memory decides for NumPy, and the array object for other libraries.
    """
    memory = getattr(array, "__array_interface__", None)
    if memory is None or array.size == 0:
        return id(array)
    return memory["data"][0], memory["typestr"], array.shape, array.strides


def _storable(name: str, value: Any) -> Any:
    """Turn ``value`` into what the library takes: a C-contiguous array of a known dtype."""
    import numpy as np

    array = value.detach().numpy() if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"save: {name!r} is a {type(value).__name__}, expected a Tensor or a NumPy array"
        )
    if array.dtype.name not in _DTYPES:
        raise ValueError(
            f"save: {name!r} has dtype {array.dtype}, expected one of {', '.join(_DTYPES)}"
        )
    return np.asarray(array, order="C")


# --- reading ------------------------------------------------------------------------------------


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    arrays = {}
    with _open(path) as file:
        notes = file.metadata() or {}
        for name in file.keys():  # noqa: SIM118 (a file handle, not a dict)
            dtype = file.get_slice(name).get_dtype()
            if dtype not in _DTYPES.values():
                raise ValueError(
                    f"{os.fspath(path)}: {name!r} has dtype {dtype}, which tensors do not "
                    "have here; convert it where the file was made, for example to float32"
                )
            try:
                array = file.get_tensor(name)
            except (ValueError, OverflowError) as error:  # shapes beyond NumPy's limits
                _refuse(path, f"{name!r}: {error}")
            if dtype == "BOOL" and array.view("uint8").max(initial=0) > 1:
                _refuse(path, f"{name!r} holds truth values other than 0 and 1")
            arrays[name] = array
    return arrays, notes


def _open(path: str | os.PathLike[str]) -> Any:
    """Open ``path`` with the library after the checks that it does not make, or refuse."""
    from safetensors import SafetensorError, safe_open

    name = os.fspath(path)
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"no file {name}; mt.save(model, path) writes one") from None
    if stat.S_ISDIR(status.st_mode):
        inside = sorted(file.name for file in Path(path).glob("*" + SUFFIX))
        hint = f"; did you mean {Path(path) / inside[0]}?" if inside else ""
        raise ValueError(f"{name} is a folder, expected a {SUFFIX} file{hint}")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{name} is not a regular file")

    with open(path, "rb") as file:
        start = file.read(64)
    if len(start) < 8:
        _refuse(path, f"it has {status.st_size} bytes, too few for a header")
    header_bytes = int.from_bytes(start[:8], "little")
    if header_bytes > _MAX_HEADER_BYTES or start[8:9] != b"{":
        _refuse(path, _looks_like(start) or f"its header claims {header_bytes:,} bytes")
    if header_bytes > status.st_size - 8:
        _refuse(path, f"it is cut off in its header, after {status.st_size:,} bytes")
    try:
        return safe_open(path, framework="np")
    except SafetensorError as error:
        _refuse(path, str(error).removeprefix("Error while deserializing header: "))


def _looks_like(start: bytes) -> str:
    for magic, kind in _LOOKS:
        if start.startswith(magic):
            return f"it looks like {kind}"
    if start.lstrip()[:1].isalnum() and start.decode("utf-8", "ignore").isprintable():
        return "it looks like text"
    return ""


def _refuse(path: str | os.PathLike[str], reason: str) -> NoReturn:
    raise ValueError(
        f"{os.fspath(path)} is not a whole safetensors file: {reason}. Nothing was loaded"
    ) from None


def _alias_notes(notes: Mapping[str, str], names: Any) -> dict[str, str]:
    """Pick the notes that say ``{alias: name of a tensor in the file}``."""
    return {key: text for key, text in notes.items() if text in names and key not in names}
