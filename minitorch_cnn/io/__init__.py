"""Files: tensors as safetensors, settings as JSON, every one of them switched atomically.

Knows tensors and files, and nothing of layers, optimisers or training: what has a ``state_dict()``
is saved through it. Nothing here reads or writes pickle.
"""

from minitorch_cnn.io.atomic import atomic_write
from minitorch_cnn.io.json_file import read_json, write_json
from minitorch_cnn.io.tensor_file import load, read_metadata, save
from minitorch_cnn.io.tree import load_tree, save_tree

__all__ = [
    "atomic_write",
    "load",
    "load_tree",
    "read_json",
    "read_metadata",
    "save",
    "save_tree",
    "write_json",
]
