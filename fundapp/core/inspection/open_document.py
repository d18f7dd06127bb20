"""OpenDocument texts and spreadsheets: told from others, and rewritten without who wrote them. Source: ODF 1.3."""

import re
from typing import Final

from lxml import etree

from fundapp.core.inspection import pictures
from fundapp.core.inspection.archives import archive_of, to_xml, xml_of
from fundapp.core.inspection.kinds import JPEG, PNG, kind_of
from fundapp.core.inspection.reasons import Refused, Why

_ODF: Final = "application/vnd.oasis.opendocument"
TEXT: Final = f"{_ODF}.text"
SPREADSHEET: Final = f"{_ODF}.spreadsheet"
MIMETYPE: Final = "mimetype"
_MANIFEST: Final = "META-INF/manifest.xml"
_PROGRAM: Final = re.compile(r"^(Basic/[^/]+/(?!script-lb\.xml$)[^/]+|Scripts/.+\.(py|js|bsh))$")
_KEPT: Final = re.compile(
    r"^(mimetype|META-INF/manifest\.xml|(Object \d+/)?(content|styles)\.xml|Pictures/[^/]+|ObjectReplacements/[^/]+)$"
)
_PICTURE: Final = re.compile(r"^(Pictures|ObjectReplacements)/")
_GONE: Final = frozenset(
    {
        "annotation", "annotation-end", "tracked-changes", "change", "change-start", "change-end",
        "event-listeners", "scripts", "forms", "creator", "print-date", "printed-by",
    }
)  # fmt: skip
"""By local name: notes, earlier wordings, programs, and fields of who wrote."""
_TELLING: Final = re.compile(r"^(rsid|paragraph-rsid|chg-author|author)$")
_MANIFEST_PATH: Final = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}full-path"
_XLINK: Final = "{http://www.w3.org/1999/xlink}href"


def kind_of_document(parts: dict[str, bytes]) -> str | None:
    """Return the media type of an OpenDocument text or spreadsheet, None for another archive. Raises Refused."""
    written = parts.get(MIMETYPE, b"")[:100].decode("ascii", "replace").strip()
    if written not in (TEXT, SPREADSHEET):
        return None
    if b"encryption-data" in parts.get(_MANIFEST, b""):
        raise Refused(Why.LOCKED)
    if any(_PROGRAM.match(name) for name in parts):
        raise Refused(Why.MACROS)
    if "content.xml" not in parts:
        raise Refused(Why.BROKEN)
    xml_of(parts["content.xml"])
    return written


def clean(parts: dict[str, bytes]) -> bytes:
    """Return the document without properties, notes, earlier wordings, settings and small pictures. Raises Refused."""
    kept: dict[str, bytes] = {}
    for name, data in parts.items():
        if not _KEPT.match(name):
            continue
        if _PICTURE.match(name):
            fresh = _clean_picture(name, data)
            if fresh is not None:
                kept[name] = fresh
        elif name.endswith(".xml") and name != _MANIFEST:
            kept[name] = _clean_part(data, parts)
        else:
            kept[name] = data
    kept[MIMETYPE] = parts[MIMETYPE].strip()
    if _MANIFEST in kept:
        kept[_MANIFEST] = _clean_manifest(kept)
    return archive_of(kept, first=MIMETYPE)


def _clean_part(data: bytes, parts: dict[str, bytes]) -> bytes:
    root = xml_of(data)
    for element in list(root.iter()):
        if etree.QName(element).localname in _GONE:
            _remove(element)
            continue
        for key in list(element.attrib):
            if _TELLING.match(etree.QName(str(key)).localname):
                del element.attrib[key]
        target = str(element.get(_XLINK, ""))
        if etree.QName(element).localname == "image" and target and target.removeprefix("./") not in parts:
            del element.attrib[_XLINK]  # a picture elsewhere would tell its server who reads
    return to_xml(root)


def _clean_picture(name: str, data: bytes) -> bytes | None:
    """Return a picture drawn anew, None for a picture of an object, which its program draws again."""
    try:
        kind = kind_of(data)
    except Refused:
        if name.startswith("ObjectReplacements/"):
            return None
        raise Refused(Why.NOT_CLEANED) from None
    cleaned, fresh = pictures.clean(data, kind)
    if kind not in (JPEG, PNG) or cleaned != kind:
        raise Refused(Why.NOT_CLEANED)
    return fresh


def _clean_manifest(kept: dict[str, bytes]) -> bytes:
    root = xml_of(kept[_MANIFEST])
    for entry in list(root):
        path = str(entry.get(_MANIFEST_PATH, ""))
        if path != "/" and not path.endswith("/") and path not in kept:
            root.remove(entry)
    return to_xml(root)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
