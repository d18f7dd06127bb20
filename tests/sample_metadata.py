"""Files of every kind with a mark in each place where programs leave metadata, and a search that finds the mark."""

import io
import zipfile
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import openpyxl
import pikepdf
from openpyxl.comments import Comment
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, PngImagePlugin

from .sample_files import make_archive

MARK: Final = "Kanarinka-7731"
KEPT: Final = "What the document says"
"""Stands in each document, and has to stand in its copy."""
_MARK: Final = MARK.encode()
HEIC: Final = (Path(__file__).parent / "vectors" / "photo.heic").read_bytes()
"""64 x 48 pixels of one colour, with the mark as camera, owner, place and XMP; made with pillow-heif."""


def everything_in(data: bytes) -> bytes:
    """Return the bytes of a file, of its parts, and of whatever is packed in those."""
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [archive.comment, *(entry.comment + entry.extra for entry in archive.infolist())]
            found += [entry.filename.encode() + everything_in(archive.read(entry)) for entry in archive.infolist()]
    if data.startswith(b"%PDF-"):
        with pikepdf.open(io.BytesIO(data)) as document:
            for each in [*document.objects, document.trailer]:
                found.append(each.unparse(resolved=True))
                if isinstance(each, pikepdf.Stream):
                    found.append(each.read_raw_bytes())
                    if "/DCTDecode" not in str(each.get("/Filter")):
                        found.append(each.read_bytes())
                    elif "/FlateDecode" in str(each.get("/Filter")):
                        found.append(zlib.decompress(each.read_raw_bytes()))
    if data.startswith(b"\x89PNG"):
        found += _unpacked_texts(data)
    return b"\n".join(found)


def holds_the_mark(data: bytes) -> bool:
    """Say whether the mark is anywhere, in any common encoding."""
    everything = everything_in(data)
    return any(MARK.encode(each) in everything for each in ("utf-8", "utf-16-le", "utf-16-be")) or (
        _MARK.hex().encode() in everything.lower()
    )


def _unpacked_texts(data: bytes) -> list[bytes]:
    texts, place = [], 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if kind in (b"zTXt", b"iCCP"):
            texts.append(zlib.decompress(body.split(b"\0", 1)[1][1:]))
        place += 12 + length
    return texts


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = exif[0x013B] = exif[0x8298] = MARK  # maker, artist, copyright
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0), 29: MARK})
    exif.get_ifd(0x8769).update({0xA430: MARK, 0x9286: _MARK})
    return exif


def make_picture(kind: str) -> bytes:
    """Return a picture of 40 x 20 pixels that lies on its side, with metadata."""
    picture, out = Image.new("RGB", (40, 20), "#336699"), io.BytesIO()
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{MARK}</x:xmpmeta>".encode()
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", MARK)
        texts.add_text("Comment", MARK, zip=True)
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
        picture.save(out, kind, exif=_exif(), pnginfo=texts)
        return out.getvalue()
    if kind == "WEBP":
        picture.save(out, kind, exif=_exif(), xmp=xmp)
        return out.getvalue()
    picture.save(out, "JPEG", exif=_exif(), comment=_MARK, xmp=xmp)
    data = out.getvalue()
    small = b"\xff\xed" + (2 + 20 + len(_MARK)).to_bytes(2, "big") + b"Photoshop 3.0\0".ljust(20) + _MARK
    return data[:2] + small + data[2:] + _MARK  # also behind its end, where telephones put a short film


def make_document_pdf() -> bytes:
    """Return a PDF with docinfo, XMP, scripts, actions, attached files, notes, a signature and an earlier version."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(200, 200))
    text = f"BT /F1 12 Tf 10 100 Td ({KEPT}) Tj ET /Im0 Do".encode()
    page.Contents = document.make_stream(text)
    photo = make_picture("JPEG")
    image = document.make_stream(photo)
    image.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=40, Height=20, ColorSpace=Name.DeviceRGB, BitsPerComponent=8,
        Filter=Name.DCTDecode, Metadata=document.make_stream(_MARK),
    )  # fmt: skip
    packed = document.make_stream(zlib.compress(photo))
    packed.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=40, Height=20, ColorSpace=Name.DeviceRGB, BitsPerComponent=8,
        Filter=Array([Name.FlateDecode, Name.DCTDecode]),
    )  # fmt: skip
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(Font=Dictionary(F1=font), XObject=Dictionary(Im0=image, Im1=packed))
    page.PieceInfo = Dictionary(Program=Dictionary(Private=String(MARK)))
    page.Thumb = document.make_stream(_MARK)
    script = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{MARK}')"))
    page.AA = Dictionary(O=script)
    signature = document.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("signature"), Rect=[0, 0, 9, 9],
            V=Dictionary(Type=Name.Sig, Name=String(MARK), Location=String(MARK)),
        )
    )  # fmt: skip
    document.Root.AcroForm = Dictionary(Fields=[signature])
    page.Annots = Array([
        Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9], Contents=String(MARK)),
        Dictionary(Type=Name.Annot, Subtype=Name.Highlight, Rect=[0, 0, 9, 9], T=String(MARK), Contents=String(MARK)),
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(S=Name.Launch, F=String(MARK))),
        Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 9, 9], FS=Dictionary(F=String(MARK))),
        signature,
    ])  # fmt: skip
    document.docinfo["/Author"] = document.docinfo["/Producer"] = MARK
    with document.open_metadata() as metadata:
        metadata["dc:creator"] = [MARK]
    document.attachments["notes.txt"] = pikepdf.AttachedFileSpec(
        document, _MARK, filename=f"{MARK}.txt", description=MARK, mime_type="text/plain", creation_date="", mod_date=""
    )
    document.Root.OpenAction = script
    document.Root.Names["/JavaScript"] = Dictionary(Names=Array([String("a"), script]))
    out = io.BytesIO()
    document.save(out, compress_streams=True)
    return out.getvalue()


_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P: Final = "http://schemas.openxmlformats.org/package/2006"
_CORE: Final = (
    f'<cp:coreProperties xmlns:cp="{_P}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    f"<dc:creator>{MARK}</dc:creator><cp:lastModifiedBy>{MARK}</cp:lastModifiedBy></cp:coreProperties>"
)
_WORD_BODY: Final = f"""<?xml version="1.0"?><?remark {MARK}?><!-- {MARK} -->
<w:document xmlns:w="{_W}" xmlns:r="{_R}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">
<w:body><w:p w:rsidR="00AB12CD"><w:r><w:t>{KEPT}</w:t></w:r>
<w:del w:author="{MARK}" w:id="1" w:date="2020-01-01T00:00:00Z"><w:r><w:delText>gone {MARK}</w:delText></w:r></w:del>
<w:ins w:author="{MARK}" w:id="2"><w:r><w:t>and a newer word</w:t></w:r></w:ins>
<w:commentRangeStart w:id="0"/><w:r><w:rPr><w:rPrChange w:author="{MARK}" w:id="5"><w:rPr/></w:rPrChange></w:rPr>
<w:commentReference w:id="0"/></w:r>
<w:r><w:drawing><wp:inline><wp:docPr id="1" name="C:\\Users\\{MARK}\\photo.jpg" descr="A photograph"/>
</wp:inline></w:drawing></w:r>
</w:p></w:body></w:document>"""


def make_docx() -> bytes:
    """Return a Word file with properties, notes, tracked changes, a remote template, a photograph, a small picture."""
    relation = f'<Relationship Id="%s" Type="{_R}/%s" Target="%s"%s/>'
    relations = f'<Relationships xmlns="{_P}/relationships">%s</Relationships>'
    override = '<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s+xml"/>'
    outside = ' TargetMode="External"'
    return make_archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{_P}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="jpeg" ContentType="image/jpeg"/>'
            + override % ("word/document.xml", "wordprocessingml.document.main")
            + override % ("word/comments.xml", "wordprocessingml.comments")
            + override % ("docProps/core.xml", "core-properties")
            + "</Types>",
            "_rels/.rels": relations
            % (
                relation % ("rId1", "officeDocument", "word/document.xml", "")
                + relation % ("rId2", "metadata/core-properties", "docProps/core.xml", "")
                + relation % ("rId3", "metadata/thumbnail", "docProps/thumbnail.jpeg", "")
            ),
            "word/document.xml": _WORD_BODY,
            "word/_rels/document.xml.rels": relations
            % (
                relation % ("rId1", "comments", "comments.xml", "")
                + relation % ("rId2", "image", "media/image1.jpeg", "")
                + relation % ("rId3", "hyperlink", "https://example.org/about", outside)
                + relation % ("rId4", "image", f"https://example.org/{MARK}.png", outside)
                + relation % ("rId5", "settings", "settings.xml", "")
            ),
            "word/settings.xml": f'<w:settings xmlns:w="{_W}" xmlns:r="{_R}"><w:attachedTemplate r:id="rId1"/>'
            f'<w:rsids><w:rsid w:val="{MARK}"/></w:rsids><w:docVars><w:docVar w:name="a" w:val="{MARK}"/></w:docVars>'
            "</w:settings>",
            "word/_rels/settings.xml.rels": relations
            % (relation % ("rId1", "attachedTemplate", f"https://example.org/{MARK}.dotm", outside)),
            "word/comments.xml": f'<w:comments xmlns:w="{_W}"><w:comment w:author="{MARK}" w:initials="K" w:id="0">'
            f"<w:p><w:r><w:t>{MARK}</w:t></w:r></w:p></w:comment></w:comments>",
            "word/people.xml": f"<people>{MARK}</people>",
            "word/media/image1.jpeg": make_picture("JPEG"),
            "word/embeddings/oleObject1.bin": MARK,
            "docProps/core.xml": _CORE,
            "docProps/app.xml": f"<Properties><Company>{MARK}</Company></Properties>",
            "docProps/custom.xml": f"<Properties>{MARK}</Properties>",
            "docProps/thumbnail.jpeg": make_picture("JPEG"),
            "customXml/item1.xml": f"<item>{MARK}</item>",
        }
    )


def make_xlsx() -> bytes:
    """Return an Excel file with properties, a note, and where it was stored."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.properties.creator = book.properties.lastModifiedBy = MARK
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = KEPT
    sheet["A1"].comment = Comment(MARK, MARK)
    book.save(out)
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    path = f'<x15ac:absPath xmlns:x15ac="http://example.org/x15ac" url="C:\\Users\\{MARK}"/></workbook>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</workbook>", path.encode())
    parts["xl/printerSettings/printerSettings1.bin"] = MARK.encode("utf-16-le")
    parts["xl/persons/person.xml"] = f"<personList>{MARK}</personList>".encode()
    return make_archive(dict(parts))


_OFFICE_NS: Final = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
)
_MANIFEST: Final = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"


def make_odf(kind: str) -> bytes:
    """Return an OpenDocument "text" or "spreadsheet" with properties, a note, earlier wordings and a small picture."""
    files = ["content.xml", "meta.xml", "settings.xml", "Thumbnails/thumbnail.png", "Pictures/1.png"]
    entries = "".join(f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type=""/>' for name in files)
    return make_archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {_OFFICE_NS}><office:body><office:text>"
            f"<text:tracked-changes><dc:creator>{MARK}</dc:creator><text:p>gone {MARK}</text:p></text:tracked-changes>"
            f"<text:p>{KEPT}<office:annotation><text:p>{MARK}</text:p></office:annotation> and more</text:p>"
            f'<draw:image xlink:href="https://example.org/{MARK}.png"/><draw:image xlink:href="Pictures/1.png"/>'
            "</office:text></office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {_OFFICE_NS}><dc:creator>{MARK}</dc:creator></office:document-meta>",
            "settings.xml": f"<settings>{MARK}</settings>",
            "Thumbnails/thumbnail.png": make_picture("PNG"),
            "Pictures/1.png": make_picture("PNG"),
            "META-INF/documentsignatures.xml": f"<signature>{MARK}</signature>",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_MANIFEST}">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type=""/>{entries}</manifest:manifest>',
        }
    )


RECORDINGS: Final[dict[str, tuple[str, str, str]]] = {
    "mp3": ("mp3", "mp3", ""),
    "m4a": ("ipod", "aac", ""),
    "aac": ("adts", "aac", ""),
    "ogg": ("ogg", "libopus", ""),
    "wav": ("wav", "pcm_s16le", ""),
    "webm sound": ("webm", "libopus", ""),
    "amr": ("amr", "libopencore_amrnb", ""),
    "mp4": ("mp4", "aac", "h264"),
    "mov": ("mov", "aac", "h264"),
    "3gp": ("3gp", "libopencore_amrnb", "h263"),
    "webm": ("webm", "libopus", "libvpx"),
}
"""Kinds of recordings: the container, and what sound and film are coded as."""


def make_recording(kind: str) -> bytes:
    """Return half a second of silence, and of a grey picture where it is a film, with tags and a place."""
    container, sound, film = RECORDINGS[kind]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as recording:
        tags = ("title", "artist", "comment", "location", "encoded_by", "copyright")
        recording.metadata.update(dict.fromkeys(tags, MARK))
        rate = 8000 if "amr" in sound else 48000
        audio: Any = recording.add_stream(sound, rate=rate, layout="mono")
        video: Any = recording.add_stream(film, rate=10) if film else None
        if video is not None:
            video.width, video.height, video.pix_fmt = 176, 144, "yuv420p"
            for number in range(5):
                frame = av.VideoFrame.from_image(Image.new("RGB", (176, 144), "grey"))
                frame.pts, frame.time_base = number, Fraction(1, 10)
                recording.mux(video.encode(frame))
            recording.mux(video.encode(None))
        wanted = "flt" if sound in ("libopus", "libopencore_amrnb") else audio.codec_context.format.name
        silence = _silence(wanted, rate)
        fifo = av.AudioFifo()
        fifo.write(silence)
        size = audio.codec_context.frame_size or 1024
        for frame in fifo.read_many(size):
            recording.mux(audio.encode(frame))
        recording.mux(audio.encode(None))
    data = out.getvalue()
    if kind in ("aac", "amr"):
        return data  # these have no place for tags
    return data


def _silence(sample_format: str, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame(format=sample_format, layout="mono", samples=rate // 2)
    frame.sample_rate, frame.pts = rate, 0
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame
