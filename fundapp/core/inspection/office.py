"""Word and Excel files (Office Open XML): told from each other, and rewritten from the parts that are the document.

Parts come over by a list of what a document needs; everything else is left out with whatever points to it. Source:
ECMA-376, parts 1 and 2.
"""

import posixpath
import re
from typing import Final

from lxml import etree

from fundapp.core.inspection import pictures
from fundapp.core.inspection.archives import archive_of, to_xml, xml_of
from fundapp.core.inspection.kinds import JPEG, kind_of
from fundapp.core.inspection.reasons import Refused, Why

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
WORD: Final = f"{_OFFICE}.wordprocessingml.document"
EXCEL: Final = f"{_OFFICE}.spreadsheetml.sheet"
_MAIN_PARTS: Final = {"word/document.xml": WORD, "xl/workbook.xml": EXCEL}
TYPES: Final = "[Content_Types].xml"
_PROGRAMS: Final = re.compile(r"vbaProject|/macrosheets/|vbaData", re.IGNORECASE)

_KEPT: Final = re.compile(
    r"""^(\[Content_Types\]\.xml|_rels/\.rels
    |word/(document|styles|stylesWithEffects|settings|webSettings|fontTable|numbering|footnotes|endnotes|header\d*|footer\d*)\.xml
    |word/(theme|charts|diagrams|fonts|media)/[^/]+
    |xl/(workbook|styles|sharedStrings|metadata)\.xml
    |xl/(worksheets|chartsheets|theme|charts|drawings|tables|media|pivotTables|pivotCache|externalLinks)/[^/]+
    |(word|xl)/(.*/)?_rels/[^/]+\.rels)$""",
    re.VERBOSE,
)
_NEVER: Final = re.compile(r"(vmlDrawing|\.vml$|\.bin$|comments)", re.IGNORECASE)
_PICTURES: Final = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)
_OTHER_PICTURES: Final = re.compile(r"/media/")

_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GONE: Final = frozenset(
    {
        "del", "moveFrom", "delText", "delInstrText", "commentRangeStart", "commentRangeEnd",
        "commentReference", "annotationRef", "rsids", "docVars", "mailMerge", "attachedTemplate", "docId",
        "fileSharing", "absPath", "legacyDrawing", "legacyDrawingHF", "oleObjects", "oleObject", "controls",
        "control", "object", "smartTags", "fileRecoveryPr", "revisionPtr", "cellIns", "cellDel",
        "customWorkbookViews", "userInfo", "writeProtection", "moveFromRangeStart", "moveFromRangeEnd",
        "moveToRangeStart", "moveToRangeEnd", "permStart", "permEnd", "sheetDataSet",
    }
)  # fmt: skip
"""By local name: earlier wordings, notes of readers, who wrote and where it was stored, and what can act."""
_OPENED: Final = frozenset({"ins", "moveTo"})
"""Newer wordings stay, without who wrote them."""
_CHANGED: Final = re.compile(r"(PrChange|GridChange|numberingChange)$")
_TELLING: Final = re.compile(r"^(rsid\w*|author|initials|userName|uid|userId|providerId|lastEdited\w*|refreshedBy)$")
_NAMED_THINGS: Final = frozenset({"docPr", "cNvPr"})
"""A drawing keeps the name of the file that it was made from; the text for those who do not see it stays."""


def kind_of_office(parts: dict[str, bytes]) -> str | None:
    """Return the media type of a Word or Excel file, None for another archive. Raises Refused."""
    kind = next((kind for name, kind in _MAIN_PARTS.items() if name in parts), None)
    if kind is None or TYPES not in parts:
        return None
    if any(_PROGRAMS.search(name) for name in parts) or b"macroEnabled" in parts[TYPES]:
        raise Refused(Why.MACROS)
    for name in (TYPES, *(name for name, of in _MAIN_PARTS.items() if of == kind)):
        xml_of(parts[name])
    return kind


def clean(parts: dict[str, bytes]) -> bytes:
    """Return the document without properties, notes, earlier wordings, embedded files and links to be fetched."""
    kept = {name: data for name, data in parts.items() if _KEPT.match(name) and not _NEVER.search(name)}
    for name in [name for name in kept if name.endswith(".rels")]:
        if _source_of(name) not in kept and name != "_rels/.rels":
            del kept[name]
    dropped = {_source_of(name): _clean_relations(name, kept) for name in list(kept) if name.endswith(".rels")}
    for name, data in list(kept.items()):
        if name == TYPES:
            kept[name] = _clean_types(data, kept)
        elif name.endswith(".xml"):
            kept[name] = _clean_part(data, dropped.get(name, frozenset()))
        elif _PICTURES.search(name):
            kept[name] = _clean_picture(name, data)
        elif _OTHER_PICTURES.search(name):
            raise Refused(Why.NOT_CLEANED)
    return archive_of(kept, first=TYPES)


def _source_of(relations: str) -> str:
    folder, name = posixpath.split(relations)
    return posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))


def _clean_relations(name: str, kept: dict[str, bytes]) -> frozenset[str]:
    """Keep the relations to what is kept, and links that a reader clicks; return the ids of the others."""
    root, dropped = xml_of(kept[name]), set()
    base = posixpath.dirname(_source_of(name))
    for relation in list(root):
        target = relation.get("Target", "")
        if relation.get("TargetMode") == "External":
            is_kept = _may_point_outside(relation)
        else:
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(base, target))
            is_kept = whole in kept
        if not is_kept:
            dropped.add(relation.get("Id", ""))
            root.remove(relation)
    kept[name] = to_xml(root)
    return frozenset(dropped)


def _may_point_outside(relation: etree._Element) -> bool:
    """Say whether a link stays: one that a reader clicks, or one to another workbook, whose name is then forgotten."""
    kind, target = str(relation.get("Type", "")).rpartition("/")[2], str(relation.get("Target", ""))
    if kind == "externalLinkPath":
        relation.attrib["Target"] = "removed.xlsx"  # formulas that speak of it would break the workbook without it
        return True
    return kind == "hyperlink" and target.startswith(("http:", "https:", "mailto:"))


def _clean_types(data: bytes, kept: dict[str, bytes]) -> bytes:
    root = xml_of(data)
    for each in list(root):
        part = each.get("PartName", "")
        if part and part.lstrip("/") not in kept:
            root.remove(each)
    return to_xml(root)


def _clean_part(data: bytes, dropped: frozenset[str]) -> bytes:
    root = xml_of(data)
    for element in list(root.iter()):
        name = etree.QName(element).localname
        if name in _GONE or _CHANGED.search(name) or _points_to_nothing(element, name, dropped):
            _remove(element)
        elif name in _OPENED and element.tag.startswith(_W):
            _open(element)
        else:
            _clean_attributes(element, name)
    return to_xml(root)


def _points_to_nothing(element: etree._Element, name: str, dropped: frozenset[str]) -> bool:
    """Say whether an element stands for a part that is not there; a page set-up only loses its printer."""
    ids = [
        key for key, value in element.attrib.items() if str(key).startswith(f"{{{_RELATIONS}}}") and value in dropped
    ]
    if name in ("pageSetup", "hlinkClick", "hlinkHover"):
        for key in ids:
            del element.attrib[key]
        return bool(ids) and name != "pageSetup"
    return bool(ids)


def _clean_attributes(element: etree._Element, name: str) -> None:
    for key in list(element.attrib):
        local = etree.QName(str(key)).localname
        if _TELLING.match(local) or (local == "date" and element.tag.startswith(_W)):
            del element.attrib[key]
    if name in _NAMED_THINGS and "name" in element.attrib:
        element.attrib["name"] = "drawing"


def _clean_picture(name: str, data: bytes) -> bytes:
    kind = kind_of(data)
    cleaned, fresh = pictures.clean(data, kind)
    is_jpeg = name.lower().endswith(("jpg", "jpeg"))
    if is_jpeg != (cleaned == JPEG):
        raise Refused(Why.NOT_CLEANED)  # its name would say something else than it is
    return fresh


def _open(element: etree._Element) -> None:
    """Put an element's children in its place."""
    parent = element.getparent()
    if parent is not None:
        place = parent.index(element)
        parent[place : place + 1] = list(element)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:  # text that follows belongs to the parent
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
