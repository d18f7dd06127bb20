"""What a file is by its content, what is refused, and copies without metadata. Rows: attacks/rows.csv."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Final

import av
import pikepdf
import pytest
from PIL import Image

from fundapp.core.inspection import Refused, Why, clean, examine, limits, pdfs, pictures, running
from fundapp.core.inspection.archives import MAX_PARTS, MAX_RATIO, parts_of

from ..sample_files import PDF, make_archive
from ..sample_metadata import (
    HEIC,
    KEPT,
    MARK,
    RECORDINGS,
    everything_in,
    holds_the_mark,
    make_document_pdf,
    make_docx,
    make_odf,
    make_picture,
    make_recording,
    make_xlsx,
)

OFFICE: Final = "application/vnd.openxmlformats-officedocument"
ODF: Final = "application/vnd.oasis.opendocument"
MAKERS: Final[dict[str, tuple[Callable[[], bytes], str, str]]] = {
    "JPEG": (lambda: make_picture("JPEG"), "image/jpeg", "image/jpeg"),
    "PNG": (lambda: make_picture("PNG"), "image/png", "image/png"),
    "WebP": (lambda: make_picture("WEBP"), "image/webp", "image/jpeg"),
    "HEIC": (lambda: HEIC, "image/heic", "image/jpeg"),
    "PDF": (make_document_pdf, "application/pdf", "application/pdf"),
    "DOCX": (make_docx, f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.wordprocessingml.document"),
    "XLSX": (make_xlsx, f"{OFFICE}.spreadsheetml.sheet", f"{OFFICE}.spreadsheetml.sheet"),
    "ODT": (lambda: make_odf("text"), f"{ODF}.text", f"{ODF}.text"),
    "ODS": (lambda: make_odf("spreadsheet"), f"{ODF}.spreadsheet", f"{ODF}.spreadsheet"),
    "MP3": (lambda: make_recording("mp3"), "audio/mpeg", "audio/mpeg"),
    "M4A": (lambda: make_recording("m4a"), "audio/mp4", "audio/mp4"),
    "OGG": (lambda: make_recording("ogg"), "audio/ogg", "audio/ogg"),
    "WAV": (lambda: make_recording("wav"), "audio/wav", "audio/wav"),
    "WebM sound": (lambda: make_recording("webm sound"), "audio/webm", "audio/webm"),
    "MP4": (lambda: make_recording("mp4"), "video/mp4", "video/mp4"),
    "MOV": (lambda: make_recording("mov"), "video/mp4", "video/mp4"),
    "3GP": (lambda: make_recording("3gp"), "video/mp4", "video/3gpp"),
    "WebM": (lambda: make_recording("webm"), "video/webm", "video/webm"),
}
DOCUMENTS: Final = ("PDF", "DOCX", "XLSX", "ODT", "ODS")


def why_refused(data: bytes, ask: Callable[[bytes], Any] = examine) -> Why:
    with pytest.raises(Refused) as refused:
        ask(data)
    return refused.value.why


@pytest.mark.parametrize("kind", MAKERS)
def test_row_75_nothing_that_names_people_is_left_in_a_copy(kind: str) -> None:
    make, content_type, of_copy = MAKERS[kind]
    data = make()
    assert holds_the_mark(data), "the sample must hold what could be left"
    assert examine(data) == content_type
    copy = clean(data)
    assert copy.content_type == of_copy
    assert not holds_the_mark(copy.data)
    assert examine(copy.data).partition("/")[0] == of_copy.partition("/")[0], "the copy opens"


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_copy_of_a_document_says_what_the_document_says(kind: str) -> None:
    copy = everything_in(clean(MAKERS[kind][0]()).data)
    assert KEPT.encode() in copy
    if kind == "DOCX":
        assert b"and a newer word" in copy, "tracked changes are taken as they are meant"
        assert b"A photograph" in copy, "what is said to those who do not see the picture stays"
        assert b"https://example.org/about" in copy, "links that a reader clicks stay"
        assert b"attachedTemplate" not in copy


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_a_copy_of_a_picture_stands_upright(kind: str) -> None:
    with Image.open(io.BytesIO(clean(MAKERS[kind][0]()).data)) as picture:
        assert picture.size == (20, 40)


def test_a_large_picture_comes_to_reviewers_in_a_readable_size() -> None:
    out = io.BytesIO()
    Image.new("L", (5000, 1000)).save(out, "JPEG")
    with Image.open(io.BytesIO(clean(out.getvalue()).data)) as picture:
        assert picture.size == (3200, 640)


@pytest.mark.parametrize("kind", ["aac", "amr"])
def test_recordings_without_a_place_for_tags_are_taken_too(kind: str) -> None:
    data = make_recording(kind)
    assert examine(data) == f"audio/{kind}"
    assert clean(data).content_type == f"audio/{kind}"


@pytest.mark.parametrize("kind", ["MP3", "M4A", "OGG", "MP4", "WebM"])
def test_a_copy_of_a_recording_is_as_long_as_the_recording(kind: str) -> None:
    def seconds(data: bytes) -> float:
        with av.open(io.BytesIO(data), "r") as recording:
            return sum(float((packet.duration or 0) * packet.time_base) for packet in recording.demux(audio=0))

    data = MAKERS[kind][0]()
    assert seconds(data) > 0.4
    assert seconds(clean(data).data) == pytest.approx(seconds(data), rel=0.01)


@pytest.mark.parametrize("kind", sorted(RECORDINGS))
def test_what_a_recording_is_called_says_nothing(kind: str) -> None:
    family = "video" if RECORDINGS[kind][2] else "audio"
    assert examine(make_recording(kind)).startswith(f"{family}/")


ACTIVE: Final = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "svg behind a mark": b"\xef\xbb\xbf  <?xml version='1.0'?><svg/>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "html in two bytes a letter": "<html>".encode("utf-16"),
    "mail": b"From: a@example.org\r\nSubject: x\r\n\r\n<html>",
    "mail as it was received": b"Received: from x\r\n\r\n",
    "web archive": b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n",
    "flash": b"CWS\x09\x00\x00\x00\x00",
}


@pytest.mark.parametrize("name", ACTIVE)
def test_row_72_what_could_act_is_refused_as_that(name: str) -> None:
    assert why_refused(ACTIVE[name]) is Why.ACTIVE


UNKNOWN: Final = {
    "program": b"MZ\x90\x00",
    "script": b"#!/bin/sh\n",
    "gif": b"GIF89a\x01\x00",
    "text": b"a plain text",
    "nothing": b"",
    "archive": make_archive({"a.txt": "x"}),
    "book": make_archive({"mimetype": "application/epub+zip"}),
    "slides": make_archive({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>"}),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_kinds_are_refused(name: str) -> None:
    assert why_refused(UNKNOWN[name]) is Why.UNKNOWN


BROKEN: Final = {
    "pdf": b"%PDF-1.7 and nothing more",
    "jpeg": b"\xff\xd8\xff\xe0 picture",
    "cut jpeg": make_picture("JPEG")[:700],
    "png": b"\x89PNG\r\n\x1a\n picture",
    "heic": HEIC[:300],
    "zip": b"PK\x03\x04broken",
    "cut docx": make_docx()[:-400],
    "mp3": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "ogg": b"OggS" + bytes(100),
    "webm": b"\x1a\x45\xdf\xa3" + bytes(50),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_open_is_refused(name: str) -> None:
    assert why_refused(BROKEN[name]) is Why.BROKEN


def two_kinds() -> dict[str, bytes]:
    archive = make_archive({"a.txt": "x"})
    return {
        "PDF and zip": PDF + archive,
        "PDF and page": PDF[:9] + b"<script>alert(1)</script>\n" + PDF[9:],
        "JPEG and zip": make_picture("JPEG") + archive,
        "PNG with a program": make_picture("PNG") + b"<?php system($_GET['c']); ?>",
        "JPEG and PDF": make_picture("JPEG")[:20] + b"%PDF-1.4" + make_picture("JPEG")[20:],
        "MP3 and zip": make_recording("mp3") + archive,
    }


@pytest.mark.parametrize("name", sorted(two_kinds()))
def test_row_71_a_file_of_two_kinds_is_refused(name: str) -> None:
    assert why_refused(two_kinds()[name]) is Why.TWO_KINDS


def locked_pdf(owner: str, user: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PDF)) as document:
        document.save(out, encryption=pikepdf.Encryption(owner=owner, user=user))
    return out.getvalue()


def locked_archive(data: bytes) -> bytes:
    """Set the flag of encryption on each part of an archive."""
    out = bytearray(data)
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = out.find(start)
        while place >= 0:
            out[place + offset] |= 1
            place = out.find(start, place + 4)
    return bytes(out)


def test_row_73_files_with_a_password_are_refused_as_that() -> None:
    assert why_refused(locked_pdf(owner="a", user="b")) is Why.LOCKED
    assert why_refused(locked_archive(make_docx())) is Why.LOCKED
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert why_refused(ole + "EncryptedPackage".encode("utf-16-le")) is Why.LOCKED
    assert why_refused(ole) is Why.OLD_OFFICE
    manifest = {"META-INF/manifest.xml": "<manifest:encryption-data/>", "content.xml": "<x/>"}
    assert why_refused(make_archive({"mimetype": f"{ODF}.text", **manifest})) is Why.LOCKED


def test_row_73_a_pdf_that_opens_for_everybody_is_taken_and_its_copy_is_free() -> None:
    data = locked_pdf(owner="a", user="")
    assert examine(data) == "application/pdf"
    with pikepdf.open(io.BytesIO(clean(data).data)) as copy:
        assert not copy.is_encrypted


def test_row_73_scripts_launches_and_attached_files_are_not_in_the_copy() -> None:
    data = make_document_pdf()
    acting = (b"/JavaScript", b"/Launch", b"/EmbeddedFiles", b"/OpenAction", b"/AA", b"/FileAttachment")
    before, after = everything_in(data), everything_in(clean(data).data)
    for name in acting:
        assert name in before
        assert name not in after


def test_row_73_a_pdf_of_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdfs, "MAX_PAGES", 0)
    with pytest.raises(Refused, match="too_much"):
        pdfs.examine(PDF)


def test_row_69_office_files_with_programs_are_refused() -> None:
    docx = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}
    assert examine(make_archive(docx)) == f"{OFFICE}.wordprocessingml.document"
    assert why_refused(make_archive({**docx, "word/vbaProject.bin": "x"})) is Why.MACROS
    named = '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    assert why_refused(make_archive({**docx, "[Content_Types].xml": named})) is Why.MACROS
    xlsx = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>", "xl/macrosheets/sheet1.xml": "<x/>"}
    assert why_refused(make_archive(xlsx)) is Why.MACROS
    odt = {"mimetype": f"{ODF}.text", "content.xml": "<x/>", "Basic/Standard/Module1.xml": "<x/>"}
    assert why_refused(make_archive(odt)) is Why.MACROS


def test_row_69_xml_that_names_something_else_is_refused() -> None:
    bad = "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><w>&y;</w>"
    assert why_refused(make_archive({"[Content_Types].xml": "<Types/>", "word/document.xml": bad})) is Why.BROKEN


def test_row_69_an_embedded_picture_that_cannot_be_cleaned_keeps_the_copy_from_being_made() -> None:
    with zipfile.ZipFile(io.BytesIO(make_docx())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    drawing = make_archive({**parts, "word/media/image2.emf": b"\x01\x00\x00\x00" + MARK.encode()})
    assert examine(drawing).startswith(OFFICE)
    assert why_refused(drawing, clean) is Why.NOT_CLEANED


BOMB: Final = bytes(20 * 1024 * 1024)


def test_row_68_an_archive_that_unpacks_to_far_more_is_stopped_while_it_is_read() -> None:
    bomb = make_archive({"[Content_Types].xml": "<Types/>", "word/document.xml": BOMB})
    assert len(bomb) * MAX_RATIO < len(BOMB)
    assert why_refused(bomb) is Why.TOO_MUCH


def test_row_68_a_size_that_is_made_smaller_in_the_heading_changes_nothing() -> None:
    bomb = bytearray(make_archive({"word/document.xml": BOMB}))
    for start, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", bomb, bomb.index(start) + offset, 10)
    assert why_refused(bytes(bomb), parts_of) in (Why.TOO_MUCH, Why.BROKEN)


def test_row_68_an_archive_of_too_many_parts_is_refused() -> None:
    assert why_refused(make_archive({f"{number}.xml": "" for number in range(MAX_PARTS + 1)})) is Why.TOO_MUCH


def test_row_68_an_archive_in_an_archive_is_not_unpacked() -> None:
    inner = make_archive({"a": BOMB})
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}
    docx = make_archive(parts | {"word/embeddings/a.docx": inner})
    assert examine(docx).startswith(OFFICE)
    assert b"embeddings" not in everything_in(clean(docx).data)


def test_row_68_a_pdf_whose_streams_unpack_to_far_more_takes_only_its_child_down() -> None:
    packed = zlib.compress(zlib.compress(bytes(limits.MEMORY_BYTES), 1), 9)
    bomb = (
        b"%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Type/XRef/Size 9/W[1 2 1]/Root 1 0 R/Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\n"
        b"endstream endobj\nstartxref\n98\n%%%%EOF" % (len(packed), packed)
    )
    assert why_refused(bomb) in (Why.BROKEN, Why.TOO_MUCH)


BAD_NAMES: Final = ["../../etc/passwd", "/etc/passwd", "..\\evil.xml", "C:\\evil.xml", "a/../../b"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_row_70_an_archive_with_paths_is_refused(name: str) -> None:
    docx = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}
    assert why_refused(make_archive({**docx, name: "x"})) is Why.BROKEN


def test_row_70_links_and_parts_of_one_name_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("word/document.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert why_refused(out.getvalue()) is Why.BROKEN
    twice = make_archive({"word/document.xml": "<a/>", "Word/Document.xml": "<b/>", "[Content_Types].xml": "<Types/>"})
    assert why_refused(twice) is Why.BROKEN


def test_row_74_a_picture_of_too_many_pixels_is_refused_unread() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress(bytes(30_000 * 3_750), 9)
    flood = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0))
    flood += chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(flood) < 200_000
    assert why_refused(flood) is Why.PIXELS


def test_row_74_one_pixel_more_than_the_most_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 800)
    assert pictures.examine(make_picture("PNG"), "image/png") == "image/png"
    monkeypatch.setattr(pictures, "MAX_PIXELS", 799)
    assert why_refused(make_picture("PNG"), lambda data: pictures.examine(data, "image/png")) is Why.PIXELS


def test_a_child_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WAIT_SECONDS", 0.001)
    assert why_refused(PDF) is Why.TOO_MUCH


def test_a_child_knows_no_secret_and_has_limits() -> None:
    says = (
        "import os, resource, sys; sys.argv = ['x', 'examine']; sys.stdin = open(os.devnull)\n"
        f"exec(compile(open({str(running._CHILD)!r}).read(), {str(running._CHILD)!r}, 'exec'),"
        f" {{'__file__': {str(running._CHILD)!r}}})\n"
        "print(sorted(name for name in sys.modules if name.startswith('fundapp') and 'inspection' not in name))\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0])"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-c", says], capture_output=True, text=True, env={}, check=True
    ).stdout.splitlines()
    assert told[-2] == "['fundapp']", "nothing of the site is loaded"
    assert told[-1] == f"{limits.MEMORY_BYTES} 0"
