"""What the tests of the command line write and read: small sets of digits, folders of runs."""

import json
import struct

import numpy as np

PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = {"learning_curve.png", "kernels.png"}
RESULTS = {
    *("run.json", "model.safetensors", "optimizer.safetensors", "confusion.csv"),
    *PICTURES,
}


def write_idx(path, array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def stripes(count, seed):
    """Pictures whose label is the place of a bright stripe, and noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 60, (count, 28, 28))
    for image, label in zip(images, labels, strict=True):
        image[2 + 2 * label : 5 + 2 * label, 4:24] = 250
    return images.astype(np.uint8), labels.astype(np.uint8)


def write_digits(folder, train=60, test=20, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (images, labels) in (
        ("train", stripes(train, seed)),
        ("t10k", stripes(test, seed + 1)),
    ):
        write_idx(folder / f"{name}-images-idx3-ubyte", images)
        write_idx(folder / f"{name}-labels-idx1-ubyte", labels)
    return folder


def weights(folder):
    """The files that must be equal to the last bit."""
    return {name: (folder / name).read_bytes() for name in RESULTS if "safetensors" in name}


def history(folder):
    """The figures of every epoch, without the seconds they took."""
    record = json.loads((folder / "run.json").read_text())
    return [{k: v for k, v in row.items() if k != "seconds"} for row in record["history"]]


def damage_json(run, change):
    record = json.loads((run / "run.json").read_text())
    change(record)
    (run / "run.json").write_text(json.dumps(record))
