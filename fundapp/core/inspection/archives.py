"""Zip archives: bounded by what comes out of them, whatever they say of themselves."""

import stat
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from lxml import etree

from fundapp.core.inspection.reasons import Refused, Why

MAX_PARTS: Final = 2000
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 150
"""How much more may come out than went in, of an archive of more than a few bytes; texts that say one thing again and
again reach 100."""
FREE_BYTES: Final = 4 * 1024 * 1024
"""Up to here no ratio is asked for: a small file of one repeated letter harms nobody."""
_ENCRYPTED: Final = 0x1
_PIECE: Final = 64 * 1024
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_THEN: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that the format knows: when a part was written is nobody's business."""


def parts_of(data: bytes) -> dict[str, bytes]:
    """Return the parts of an archive by name, bytes counted while they come out. Raises Refused."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            left = min(MAX_UNPACKED_BYTES, max(FREE_BYTES, len(data) * MAX_RATIO))
            parts: dict[str, bytes] = {}
            for entry in entries:
                if not entry.is_dir():
                    parts[entry.filename] = _read(archive, entry, left)
                    left -= len(parts[entry.filename])
            return parts
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise Refused(Why.BROKEN) from error


def archive_of(parts: Mapping[str, bytes], *, first: str = "") -> bytes:
    """Return an archive of these parts, without a time or a comment; the part `first` comes first and is not packed."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda name: (name != first, name)):
            entry = zipfile.ZipInfo(name, _THEN)
            entry.compress_type = zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts[name])
    return out.getvalue()


def xml_of(data: bytes) -> etree._Element:
    """Return the root of an XML part without its comments. Raises Refused for one with a document type."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Why.BROKEN) from error
    if root.getroottree().docinfo.doctype:
        raise Refused(Why.BROKEN)
    return root


def to_xml(root: etree._Element) -> bytes:
    """Return an XML part."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_PARTS:
        raise Refused(Why.TOO_MUCH)
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise Refused(Why.LOCKED)
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) != len(names):
        raise Refused(Why.BROKEN)  # two programs would read two different documents
    for entry in entries:
        steps = entry.filename.replace("\\", "/").split("/")
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if is_link or ".." in steps or steps[0] == "" or ":" in steps[0] or entry.compress_type not in _METHODS:
            raise Refused(Why.BROKEN)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    pieces: list[bytes] = []
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise Refused(Why.TOO_MUCH)
            pieces.append(piece)
    return b"".join(pieces)
