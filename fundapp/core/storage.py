"""Files by content: a stored file is named by the SHA-256 of its bytes, so nothing is overwritten or stored twice."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Final

from fundapp.core.errors import Failure

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class StorageError(Failure):
    """A stored file is missing, or its bytes are not the ones that were put there."""


class Storage:
    """A folder of files named by their hash. Put the file first, then commit the row that points to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        """Store `data` durably and return its SHA-256 (hex); the same bytes twice are one file."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix="incoming-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        # The new names survive a power cut only once the folders that hold them are on the disk too.
        for folder in (path.parent, path.parent.parent):
            _sync_folder(folder)
        return sha256

    def open(self, sha256: str) -> BinaryIO:
        """Open a stored file for reading. Raises StorageError if there is none."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise StorageError(f"no stored file {sha256}") from None

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a stored file. Raises StorageError if it is missing or was changed on the disk."""
        with self.open(sha256) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"stored file {sha256} was changed on the disk")
        return data

    def put_back(self, path: Path) -> None:
        """Take in a file of a backup under the name that it had."""
        target = self._path(path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def delete(self, sha256: str) -> None:
        """Remove a stored file; one that is not there is removed already."""
        self._path(sha256).unlink(missing_ok=True)

    def sweep(self, in_use: Collection[str], before: float) -> int:
        """Remove files written before an instant (epoch) that nothing points to, unfinished ones too; return how many.

        A file is put before its row is committed, so one without a row is left alone for a while.
        """
        orphans = [path for path in self.root.glob("*/*") if path.name not in in_use and path.stat().st_mtime < before]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)

    def free_bytes(self) -> int:
        """Return how much the disk still takes."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def exists(self, sha256: str) -> bool:
        """Tell whether a file of this hash is stored."""
        return self._path(sha256).is_file()

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise StorageError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
