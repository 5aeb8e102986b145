"""Published sets of files: what they are, where a user keeps them, where they are fetched from.

Imports ``download``; what is in the files belongs to the modules of the sets.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from minitorch_cnn.datasets.download import DownloadError, fetch


@dataclass(frozen=True)
class Published:
    """Files that make up a set.

    Attributes
    ----------
    title : str
        What messages call it.
    folder : str
        Its subfolder in the cache.
    mirrors : sequence of str
        Addresses of folders that hold all files.
    files : dict
        Published name -> SHA-256 and length in bytes. One that ends in ``.gz`` (but not
        ``.tar.gz``) is also taken without.
    kept_as : str
        Where torchvision keeps the files, as a path with ``/``.
    advice : str
        Another way out for who is offline.
    """

    title: str
    folder: str
    mirrors: Sequence[str]
    files: dict[str, tuple[str, int]]
    kept_as: str
    advice: str = ""

    def places(self, root: str | PathLike[str] | None) -> list[Path]:
        """Folders to look into, in order; the first is also where a download goes."""
        if root is not None:
            given = Path(root).expanduser()
            return [given, given / self.folder, given / self.kept_as]
        import platformdirs

        cache = platformdirs.user_cache_path("minitorch_cnn", appauthor=False) / self.folder
        named = os.environ.get("MINITORCH_DATA")
        if not named:
            return [cache]
        data = Path(named).expanduser()
        return [data / self.folder, data, data / self.kept_as, cache]

    def found(self, folder: Path) -> dict[str, Path]:
        """Which of the files are in a folder, by their published names."""
        found = {}
        for name in self.files:
            path = next((p for p in map(folder.joinpath, _names(name)) if p.is_file()), None)
            if path is not None:
                found[name] = path
        return found

    def paths(self, root: str | PathLike[str] | None) -> list[Path]:
        """All files, in the order they are published in; downloaded if they are nowhere.

        Raises
        ------
        ValueError
            If some are there, but not all, and it is not certain that they are of one set.
        DownloadError
            If no mirror could be reached or trusted.
        """
        folders = self.places(root)
        whole = (folder for folder in folders if len(self.found(folder)) == len(self.files))
        folder = next(whole, None)
        if folder is None:
            folder = folders[0]
            self._download(folder)
        return list(self.found(folder).values())

    def _download(self, folder: Path) -> None:
        present = self.found(folder)
        missing = [_bare(name) for name in self.files if name not in present]
        if any(path.name != name for name, path in present.items()):
            raise ValueError(
                f"{folder} holds {', '.join(path.name for path in present.values())}, but lacks "
                f"{', '.join(missing)} (with or without .gz). Place these beside the others; "
                "nothing is downloaded, as the parts might not be of one set."
            )
        try:
            for name, (sha256, size) in self.files.items():
                fetch(name, self.mirrors, sha256, folder, size=size)
        except OSError as error:
            count = {1: "this file", 4: "these four files"}[len(self.files)]
            packed = ", with or without .gz" if len(self.files) > 1 else ""
            names = "".join(f"\n  {name}" for name in self.files)
            raise DownloadError(
                f"{self.title} is not on this machine, and fetching it failed: {error}\n"
                f"Offline? Place {count}{packed}, in {folder}, or in a folder "
                f"that the environment variable MINITORCH_DATA names:{names}\n{self.advice}".strip()
            ) from None


def _bare(name: str) -> str:
    """The name without the ending of a single packed file."""
    return name if name.endswith(".tar.gz") else name.removesuffix(".gz")


def _names(name: str) -> list[str]:
    """The names a file may have: packed or not, and with the dot that some copies have."""
    bare = _bare(name)
    if bare == name:
        return [name]
    dotted = bare.replace("-idx", ".idx")
    return [stem + end for stem in (bare, dotted) for end in ("", ".gz")]
