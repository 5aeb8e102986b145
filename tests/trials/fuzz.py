"""Damage files at random: is each read right, or refused with a clear error, at little cost?

    python tests/trials/fuzz.py --files 20000

Whole files of every kind that is read (safetensors, trees, ``.npz``, checkpoints, IDX) are changed:
bits and bytes, lengths, numbers in their headers, parts cut out, doubled, put in. Each has to be
read, or refused with a ValueError, within seconds and in no more memory than its size and 64 MiB.
Processes do it in batches, so that one that dies or hangs is noticed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import random
import signal
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import io as files
from minitorch_cnn import nn, optim
from minitorch_cnn.datasets.idx import read_images

MOST_MEMORY = 64 << 20
SECONDS = 10
BATCH = 500
NUMBERS = (0, 1, 2, 127, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)

Read = Callable[[Path], object]


def whole_files(folder: Path) -> dict[str, tuple[str, bytes, Read]]:
    """For each kind: the name of its file, the bytes of a whole one, and what reads it."""
    mt.seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dense(4, 3))
    optimizer = optim.Adam(net.parameters())
    (net[2](mt.ones(1, 4)) ** 2).sum().backward()
    optimizer.step()
    mt.save(net, folder / "net.safetensors")
    files.save_tree(optimizer.state_dict(), folder / "tree.safetensors")
    state = {name: value.numpy() for name, value in net.state_dict().items()}
    np.savez(folder / "plain.npz", **state)
    np.savez_compressed(folder / "packed.npz", **state)
    pictures = struct.pack(">HBB3I", 0, 8, 3, 5, 4, 4) + bytes(range(80))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(pictures)
    checkpoint = mt.train.Checkpoints(folder / "run").save(1, model=net, optimizer=optimizer)

    def content(name: str) -> bytes:
        return (folder / name).read_bytes()

    def read_checkpoint(path: Path) -> object:
        target = checkpoint / "manifest.json"
        target.write_bytes(_signed(path.read_bytes()))
        return mt.train.Checkpoints(folder / "run").load()

    return {
        "safetensors": ("f.safetensors", content("net.safetensors"), mt.load),
        "tree": ("t.safetensors", content("tree.safetensors"), files.load_tree),
        "npz": ("f.npz", content("plain.npz"), mt.load),
        "packed npz": ("p.npz", content("packed.npz"), mt.load),
        "idx": ("f-idx3-ubyte", pictures, read_images),
        "packed idx": ("f-idx3-ubyte.gz", packed.getvalue(), read_images),
        "manifest": ("m.json", (checkpoint / "manifest.json").read_bytes(), read_checkpoint),
    }


def _signed(content: bytes) -> bytes:
    """A changed manifest with the hash of somebody who knows how it is made, where it is JSON."""
    from minitorch_cnn.train.checkpoints import _digest

    try:
        manifest = json.loads(content)
        manifest.pop("sha256", None)
        return json.dumps({**manifest, "sha256": _digest(manifest)}).encode()
    except (ValueError, AttributeError, RecursionError, TypeError):
        return content


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        # Half of all changes fall on the first bytes, where most kinds say what follows.
        end = len(data) if chance.random() < 0.5 else min(len(data), 400)
        place, length = chance.randrange(end), chance.choice((1, 2, 4, 8, 30))
        chance.choice(CHANGES)(data, place, length, chance)
    return bytes(data)


def _flip(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    data[place] ^= 1 << chance.randrange(8)


def _extreme(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    number = chance.choice(NUMBERS).to_bytes(8, chance.choice(("little", "big")))
    width = chance.choice((1, 2, 4, 8))
    data[place : place + width] = number[:width]


def _digits(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    """Another number in place of one that is written in digits."""
    while place < len(data) and not 48 <= data[place] < 58:
        place += 1
    end = place
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    new = str(chance.choice((*NUMBERS, -1, 10**30, "1e999", "NaN", "null", "[]", '"x"')))
    data[place:end] = new.encode()


def _cut(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    del data[place:]


def _remove(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    del data[place : place + length]


def _insert(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    data[place:place] = chance.randbytes(length)


def _double(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    data[place:place] = data[place : place + length] * chance.choice((1, 1, 50, 3000))


def _swap(data: bytearray, place: int, length: int, chance: random.Random) -> None:
    other = chance.randrange(len(data))
    data[place : place + length] = data[other : other + length]


CHANGES = (_flip, _extreme, _digits, _cut, _remove, _insert, _double, _swap)


def batch(numbers: range, kinds: dict[str, Any], folder: Path, seed: int) -> dict[str, Any]:
    """Damage and read files of these numbers, in this process."""
    counts: Counter[str] = Counter()
    most = 0
    for number in numbers:
        chance = random.Random(seed * 1_000_003 + number)
        kind = list(kinds)[number % len(kinds)]
        name, content, read = kinds[kind]
        path = folder / name
        path.write_bytes(damaged(content, chance))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _memory("VmRSS")
        signal.alarm(SECONDS)
        try:
            read(path)
            counts[f"{kind} read"] += 1
        except ValueError as error:
            if len(str(error)) < 10:
                raise AssertionError(f"file {number} ({kind}): no clear error") from error
            counts[f"{kind} refused"] += 1
        except Exception as error:
            raise AssertionError(f"file {number} ({kind}): {type(error).__name__}") from error
        finally:
            signal.alarm(0)
        beyond = _memory("VmHWM") - before - path.stat().st_size
        most = max(most, beyond)
        if beyond > MOST_MEMORY:
            raise AssertionError(f"file {number} ({kind}) took {beyond:,} bytes beyond its own")
    return {"counts": dict(counts), "memory": most}


def _memory(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def in_a_process(*arguments: Any) -> dict[str, Any]:
    """:func:`batch` in a process of its own; if that dies, so does this."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            os.write(writing, json.dumps(batch(*arguments)).encode())
            os._exit(0)
        except BaseException as error:
            os.write(writing, json.dumps({"error": f"{error} {error.__cause__!r}"}).encode())
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as answers:
        text = answers.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"files {arguments[0]}: status {status}: {text.decode() or 'no answer'}")
    return json.loads(text)  # type: ignore[no-any-return]


def main(arguments: list[str] | None = None) -> None:
    """Damage files and print what was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    memory = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = whole_files(folder)
        for path, content, read in kinds.values():
            (folder / path).write_bytes(content)
            read(folder / path)  # whole ones are read, and loads what reading needs
        for first in range(0, options.files, BATCH):
            numbers = range(first, min(first + BATCH, options.files))
            found = in_a_process(numbers, kinds, folder, options.seed)
            counts.update(found["counts"])
            memory = max(memory, found["memory"])
    for what, count in sorted(counts.items()):
        print(f"{what:24} {count:7,}")
    print(
        f"{sum(counts.values()):,} damaged files, none crashed or hung; at most "
        f"{memory / 2**20:.1f} MiB beyond a file's own size"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
