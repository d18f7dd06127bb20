"""An archive that is sent while it is made, so that it never stands whole in memory or on a disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

Key = TypeVar("Key")

MOST_FILE_BYTES: Final = 10 * 1024 * 1024
MOST_FILES_BYTES: Final = 50 * 1024 * 1024
"""Of all files of one archive together."""
_WELL: Final = 6
_FAST: Final = 1


@dataclass(frozen=True)
class ZipPart:
    """A file of an archive; `is_packed` is one that packing makes hardly smaller."""

    name: str
    pieces: Iterable[bytes]
    is_packed: bool = False


def fitting(sizes: Mapping[Key, int]) -> set[Key]:
    """Return which files fit into one archive, by their bytes: the smallest first, so that as many as can be do."""
    room, found = MOST_FILES_BYTES, set[Key]()
    for key, size in sorted(sizes.items(), key=lambda each: each[1]):
        if size <= min(room, MOST_FILE_BYTES):
            room -= size
            found.add(key)
    return found


def zip_stream(parts: Iterable[ZipPart], made_at: datetime) -> Iterator[bytes]:
    """Yield a ZIP archive piece by piece.

    Every part is deflated, be it with little effort: programs that unpack while they read cannot find the end of one
    that is only stored. Source: APPNOTE 4.3.9, java.util.zip.ZipInputStream.
    """
    out = _Pieces()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            entry = zipfile.ZipInfo(part.name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry._compresslevel = _FAST if part.is_packed else _WELL  # type: ignore[attr-defined]  # public in 3.13
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as stream:
                for piece in part.pieces:
                    stream.write(piece)
                    yield from out.taken()
    yield from out.taken()


class _Pieces(io.RawIOBase):
    """What is written is taken out again by whoever sends it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Say that this can be written to; it can be neither read nor sought in."""
        return True

    def write(self, data: object, /) -> int:
        """Keep bytes until they are taken."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # zipfile writes bytes
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        """Give out what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        if whole := b"".join(pieces):
            yield whole
