"""What a file is by its first bytes. Whether it really is that, its own module finds out by opening it."""

import re
import zipfile
from io import BytesIO
from typing import Final

from fundapp.core.inspection.reasons import Refused, Why

PDF: Final = "application/pdf"
ARCHIVE: Final = "application/zip"
"""An office file, once its parts are known."""
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
HEIF: Final = "image/heic"
PICTURES: Final = frozenset({JPEG, PNG, WEBP, HEIF})

_PHOTO_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_STARTS: Final = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"PK\x03\x04", ARCHIVE),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"#!AMR", "amr"),
)
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED_OFFICE: Final = "EncryptedPackage".encode("utf-16-le")
_ACTIVE: Final = re.compile(
    rb"^(\xef\xbb\xbf)?\s*(<|[CFZ]WS[\x01-\x30]|(from|to|subject|received|return-path|mime-version|date|message-id|"
    rb"delivered-to|x-[a-z-]+)\s*:)",
    re.IGNORECASE,
)
_WIDE: Final = (b"\xff\xfe<\x00", b"\xfe\xff\x00<")
"""A page that begins in two bytes a letter."""
_HIDDEN_PAGE: Final = re.compile(rb"<script|<html|<\?php|<svg")
_TOP_OF_PDF: Final = 1024


def kind_of(data: bytes) -> str:
    """Return the media type of a PDF, a picture or an archive, or the reader of a recording. Raises Refused."""
    if data.startswith(_WIDE):
        raise Refused(Why.ACTIVE)
    kind = next((kind for start, kind in _STARTS if data.startswith(start)), None) or _by_later_bytes(data)
    if kind is None:
        raise Refused(_why_not(data))
    if kind != ARCHIVE and (zipfile.is_zipfile(BytesIO(data)) or _holds_a_page(kind, data)):
        raise Refused(Why.TWO_KINDS)
    return kind


def _by_later_bytes(data: bytes) -> str | None:
    if data[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": "wav"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return HEIF if data[8:12] in _PHOTO_BRANDS else "mov"
    if data[4:8] in (b"moov", b"mdat", b"wide") and len(data) > 8:
        return "mov"  # recordings of old telephones say nothing of their brand
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "aac" if data[1] & 0x06 == 0 else "mp3"
    return None


def _why_not(data: bytes) -> Why:
    if data.startswith(_OLD_OFFICE):
        return Why.LOCKED if _LOCKED_OFFICE in data else Why.OLD_OFFICE
    return Why.ACTIVE if _ACTIVE.match(data[:4096]) else Why.UNKNOWN


def _holds_a_page(kind: str, data: bytes) -> bool:
    """Say whether a browser that guesses could take the file for a page or a program of ours."""
    if kind == PDF:
        return bool(_HIDDEN_PAGE.search(data[:_TOP_OF_PDF]))
    return kind in (JPEG, PNG, WEBP) and (b"%PDF-" in data[:_TOP_OF_PDF] or bool(_HIDDEN_PAGE.search(data)))
