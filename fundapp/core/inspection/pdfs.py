"""PDF files: opened without a password, and written anew without what names people or can act."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from fundapp.core.inspection import jpeg
from fundapp.core.inspection.reasons import Refused, Why

MAX_PAGES: Final = 2000
MAX_DEPTH: Final = 100
MAX_PHOTO_BYTES: Final = 50 * 1024 * 1024

_OF_ANYTHING: Final = (
    "/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AA", "/AF", "/CreatorInfo", "/OpenAction", "/XFA",
    "/PTEX.FileName",
)  # fmt: skip
"""XMP, private data of programs, dates, small pictures, actions by themselves, attached files, forms as programs."""
_OF_THE_WHOLE: Final = ("/Collection", "/Perms", "/DSS", "/Legal", "/SpiderInfo", "/URI")
_NAMED: Final = ("/JavaScript", "/EmbeddedFiles", "/Renditions", "/AlternatePresentations")
_HARMLESS_ACTIONS: Final = frozenset({"/GoTo", "/URI", "/Named"})
_NOTES: Final = frozenset(
    {"/Text", "/Popup", "/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D", "/TrapNet"}
)
"""Annotations that are no part of the page: what people wrote beside it, and things that play or hold files."""
_OF_NOTES: Final = ("/T", "/M", "/CreationDate", "/NM", "/RC", "/Subj", "/Popup", "/IRT", "/FS")
_OF_SIGNATURES: Final = ("/V", "/SV", "/Lock")


def examine(data: bytes) -> str:
    """Return the media type of a PDF file that opens. Raises Refused."""
    with _opened(data) as document:
        try:
            pages = len(document.pages)
        except pikepdf.PdfError as error:
            raise Refused(Why.BROKEN) from error
    if pages > MAX_PAGES:
        raise Refused(Why.TOO_MUCH)
    if not pages:
        raise Refused(Why.BROKEN)
    return "application/pdf"


def clean(data: bytes) -> tuple[str, bytes]:
    """Return the pages without docinfo, XMP, attached files, scripts, actions, notes and signatures. Raises Refused.

    What nothing points to is not written, so earlier versions inside the file are gone with it.
    """
    out = BytesIO()
    with _opened(data) as document:
        try:
            _strip_whole(document)
            for found in document.objects:
                _strip(found, 0)
            for page in document.pages:
                _strip_notes(page)
            document.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        except (pikepdf.PdfError, RecursionError) as error:
            raise Refused(Why.BROKEN) from error
    return "application/pdf", out.getvalue()


def _opened(data: bytes) -> Pdf:
    try:
        return Pdf.open(BytesIO(data))  # one that is locked for changes only opens, and is written without the lock
    except pikepdf.PasswordError as error:
        raise Refused(Why.LOCKED) from error
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise Refused(Why.BROKEN) from error


def _strip_whole(document: Pdf) -> None:
    root = document.Root
    if "/Info" in document.trailer:
        del document.trailer["/Info"]
    for name in _OF_THE_WHOLE:
        _drop(root, name)
    names = root.get("/Names")
    if isinstance(names, Dictionary):
        for name in _NAMED:
            _drop(names, name)


def _strip(found: Any, depth: int) -> None:
    """Take out of an object, and of what stands directly inside it, what is metadata or can act."""
    if depth > MAX_DEPTH:
        raise Refused(Why.BROKEN)
    if isinstance(found, Stream):
        _strip_picture(found)
    if isinstance(found, Dictionary | Stream):
        for name in _OF_ANYTHING:
            _drop(found, name)
        _strip_action(found)
        if found.get("/FT") == Name.Sig:
            for name in _OF_SIGNATURES:
                _drop(found, name)
    for inner in _inside(found):
        _strip(inner, depth + 1)


def _inside(found: Any) -> Iterator[Any]:
    if isinstance(found, Dictionary | Stream):
        values = [found[key] for key in found.keys()]  # noqa: SIM118 - iterating over it would list something else
    elif isinstance(found, Array):
        values = list(found)
    else:
        return
    # What is indirect is among the objects of the document already.
    yield from (each for each in values if isinstance(each, Dictionary | Array) and not each.is_indirect)


def _strip_action(found: Any) -> None:
    action = found.get("/A")
    if isinstance(action, Dictionary):
        if str(action.get("/S")) not in _HARMLESS_ACTIONS:
            del found["/A"]
        else:
            _drop(action, "/Next")


def _strip_picture(found: Stream) -> None:
    """Photographs inside a document carry their own place and camera."""
    filters = found.get("/Filter")
    names = [str(each) for each in filters] if isinstance(filters, Array) else [str(filters)]
    if names in (["/DCTDecode"], ["/FlateDecode", "/DCTDecode"]):
        photo = found.read_raw_bytes()
        if len(names) > 1:
            photo = _unpacked(photo)
        found.write(jpeg.without_metadata(photo), filter=Name.DCTDecode)
    elif "/DCTDecode" in names or ("/JPXDecode" in names and jpeg.has_boxes_of_metadata(found.read_raw_bytes())):
        raise Refused(Why.NOT_CLEANED)


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, MAX_PHOTO_BYTES)
    except zlib.error as error:
        raise Refused(Why.BROKEN) from error
    if unpacker.unconsumed_tail:
        raise Refused(Why.TOO_MUCH)
    return unpacked


def _strip_notes(page: Any) -> None:
    notes = page.obj.get("/Annots")
    if not isinstance(notes, Array):
        return
    kept = Array()
    for note in notes:
        if not isinstance(note, Dictionary) or str(note.get("/Subtype")) in _NOTES:
            continue
        kind = str(note.get("/Subtype"))
        for name in _OF_NOTES:
            if not (kind == "/Widget" and name == "/T"):  # there it is the name of a form's field
                _drop(note, name)
        if kind not in ("/FreeText", "/Widget", "/Link"):
            _drop(note, "/Contents")
        kept.append(note)
    page.obj["/Annots"] = kept


def _drop(found: Any, name: str) -> None:
    if name in found:
        del found[name]
