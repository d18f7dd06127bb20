"""JPEG pictures inside other files: their metadata goes, their pixels are not touched. Source: ITU-T T.81, B.1."""

import struct
from typing import Final

from fundapp.core.inspection.reasons import Refused, Why

_SCAN: Final = 0xDA
_END: Final = 0xD9
_COMMENT: Final = 0xFE
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_ADOBE: Final = 0xEE
"""Says how colours are coded; without it they would turn."""
_APPLICATIONS: Final = frozenset(range(0xE0, 0xF0)) - {_ADOBE}
_METADATA_BOXES: Final = (b"uuid", b"xml ", b"jp2i")


def without_metadata(data: bytes) -> bytes:
    """Return a JPEG file without segments of programs and comments, and without what follows its end.

    Raises Refused when it is no JPEG file.
    """
    if data[:2] != b"\xff\xd8":
        raise Refused(Why.BROKEN)
    kept, place = [data[:2]], 2
    while True:
        place, marker = _marker_at(data, place)
        if marker == _END:
            return b"".join((*kept, b"\xff\xd9"))
        if marker in _ALONE:
            kept.append(bytes((0xFF, marker)))
            continue
        (length,) = struct.unpack(">H", data[place : place + 2].ljust(2, b"\0"))
        if length < 2:
            raise Refused(Why.BROKEN)
        end = place + length
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        if marker not in _APPLICATIONS and marker != _COMMENT:
            kept.append(bytes((0xFF, marker)) + data[place:end])
        place = end


def has_boxes_of_metadata(data: bytes) -> bool:
    """Say whether a JPEG 2000 file may hold metadata."""
    return any(box in data[:65536] or box in data[-65536:] for box in _METADATA_BOXES)


def _marker_at(data: bytes, place: int) -> tuple[int, int]:
    """Return the place after a marker, and the marker; a file that was cut ends here."""
    while data[place : place + 2] == b"\xff\xff":
        place += 1  # fill bytes
    if place + 1 >= len(data):
        return place, _END
    if data[place] != 0xFF:
        raise Refused(Why.BROKEN)
    return place + 2, data[place + 1]


def _end_of_scan(data: bytes, place: int) -> int:
    """Return where the coded pixels end: at the next marker that is no restart."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        if data[place + 1] != 0 and data[place + 1] not in range(0xD0, 0xD8):
            return place
        place += 2
