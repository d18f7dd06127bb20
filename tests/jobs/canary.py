"""Somebody who must not be found, in everything that tells who and where they are, and how to look for them.

A text may lie in a dump as it is, or as programs write texts: escaped, encoded, packed. All of them are looked for.
"""

import base64
import contextlib
import io
import json
import quopri
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question, Sensitivity
from fundapp.applications.form_engine.definition import Role as FormRole

from ..factories import FORM
from ..sample_files import PDF

FILE = PDF + b"% Popis clanica Kanarinke 7731\n"
WHO = {
    "contact": "Zorana Kanarinka",
    "organisation": "Kanarinke Zelenog Brda",
    "registration": "REG-55-KANARINKA",
    "phone": "+999 711 998 877",
    "country": "Kanarinija",
    "region": "Zelenobrdo",
    "account": "QQ00KANA0000111122223333",
}
WHO_IN_ARABIC = {
    "contact": "زرقاء الكنارية",
    "organisation": "كناريات التل الأخضر",
    "registration": "سجل-الكنارية-٥٥",
    "phone": "+999 722 887 766",
    "country": "بلاد الكناري",
    "region": "التل الأخضر البعيد",
    "account": "QQ00KANA0000444455556666",
}
ADDRESS = "zorana.kanarinka@hidden.example"
FILENAME = "popis-kanarinke.pdf"
WORK = "Kanarinke pjevaju u podne"
"""The title of what they do, which tells who they are to whoever knows them."""
STORY = "Sastajemo se kod stare crpke svakog utorka"
"""What only those who read and score it may see, and nobody who has the database, the queue, the mail or the logs."""


def _asked(name: str, role: FormRole | None = None, sensitivity: Sensitivity = Sensitivity.INTERNAL) -> Question:
    return Question(
        name=name, kind=Kind.TEXT, label={"en": name}, group=("about",), role=role, given_sensitivity=sensitivity
    )


FORM_OF_HIDDEN: FormDefinition = replace(
    FORM,
    questions=(
        *(each for each in FORM.questions if each.group == ("about",) and each.role is not FormRole.REGION),
        _asked("region", FormRole.REGION),
        _asked("country", FormRole.COUNTRY),
        _asked("contact", FormRole.CONTACT_NAME, Sensitivity.IDENTITY),
        _asked("registration", FormRole.REGISTRATION, Sensitivity.IDENTITY),
        _asked("phone", None, Sensitivity.IDENTITY),
        _asked("account", None, Sensitivity.PAYEE),
        *(each for each in FORM.questions if each.group == ("work",)),
    ),
)


def secrets_of(who: dict[str, str]) -> list[str]:
    """Return every text that must not be found."""
    return [*who.values(), WORK, FILENAME, ADDRESS]


def shapes_of(text: str) -> Iterator[bytes]:
    """Return how programs write a text: in three encodings, escaped for JSON, addresses, mails, in hex and base 64."""
    utf8 = text.encode()
    yield from (utf8, text.encode("utf-16-le"), text.casefold().encode(), text.replace(" ", "").encode())
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text)[1:-1].replace("\\", "\\\\").encode()
    yield quote(text).encode()
    yield quopri.encodestring(utf8).rstrip(b"\n")
    yield utf8.hex().encode()
    yield utf8.hex().upper().encode()
    for shift in range(3):  # base 64 looks different by the place where a text begins
        whole = base64.b64encode(b"\0" * shift + utf8)
        yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]


def found_in(data: bytes, texts: list[str]) -> list[str]:
    """Return the texts that stand in some bytes, as they are or in what is packed in them."""
    layers = list(_unpacked(data))
    lowered = [layer.lower() for layer in layers]
    return [
        text
        for text in texts
        if any(shape in layer for shape in shapes_of(text) for layer in layers)
        or any(text.casefold().encode() in layer for layer in lowered)
    ]


def _unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from (name.encode(), archive.read(name))
    for head in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):  # what zlib begins with: jobs in Redis, streams in PDFs
        place = data.find(head)
        while place >= 0:
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[place:])
            place = data.find(head, place + 1)
