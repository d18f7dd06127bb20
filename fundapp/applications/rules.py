"""Plain rules of calls and applications: when a call takes applications, and which files are what they say."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_FILE_BYTES: Final = 5 * 1024 * 1024
MAX_FILE_MEGABYTES: Final = MAX_FILE_BYTES // (1024 * 1024)
MAX_FILENAME_CHARACTERS: Final = 200

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_ODF: Final = "application/vnd.oasis.opendocument"
# What a zip archive is, by a name that only that kind of archive holds.
_PARTS_OF_OFFICE_FILES: Final = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
}
_ODF_TYPES: Final = frozenset({f"{_ODF}.text", f"{_ODF}.spreadsheet"})
_IMAGES: Final = frozenset({"image/jpeg", "image/png"})


SMALL_GROUP: Final = 5
"""Fewer than this, and a number can tell who is in it."""


class Opening(StrEnum):
    """Whether a call takes applications."""

    NOT_YET = "not_yet"
    OPEN = "open"
    CLOSED = "closed"


def opening(*, opens_at: datetime, closes_at: datetime, now: datetime) -> Opening:
    """Say whether a call is open at an instant: from `opens_at` (inclusive) to `closes_at` (exclusive)."""
    if now < opens_at:
        return Opening.NOT_YET
    return Opening.OPEN if now < closes_at else Opening.CLOSED


def is_small(number: int) -> bool:
    """Return whether a count is of a few: such numbers are not told where a protected application may be counted."""
    return 0 < number < SMALL_GROUP


def instant_in(time_zone: str, on: date, at: time, *, field: str = "closes_on") -> datetime:
    """Return the instant of a wall-clock time in an IANA zone, in UTC.

    Raises RuleViolations for a time that clocks skip when summer time begins; of a time that they show twice, the
    later one is meant, so that nobody is too late by it.
    """
    local = datetime.combine(on, at, ZoneInfo(time_zone)).replace(fold=1)
    instant = local.astimezone(UTC)
    if instant.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise RuleViolations(
            [Problem(_l("Clocks skip this hour on that day in this time zone. Choose another time."), field=field)]
        )
    return instant


def content_type_of(data: bytes) -> str | None:
    """Return the media type of a PDF, JPEG, PNG, DOCX, XLSX, ODT or ODS file by its content, None for all others."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"PK\x03\x04"):
        return _archive_type(data)
    return None


def file_problems(*, filename: str, data: bytes, images_only: bool) -> list[Problem]:
    """Return what stands against taking this file: too large, empty, a kind that is not taken, an endless name."""
    problems = []
    if not data:
        problems.append(Problem(_l("This file is empty. Choose it again.")))
    elif len(data) > MAX_FILE_BYTES:
        problems.append(
            Problem(_l("This file is too large: at most %(size)s MB can be taken.", size=MAX_FILE_MEGABYTES))
        )
    elif images_only and content_type_of(data) not in _IMAGES:
        problems.append(Problem(_l("This is not a picture that we can take. Choose a JPEG or PNG file.")))
    elif content_type_of(data) is None:
        problems.append(
            Problem(_l("We cannot take this kind of file. Choose a PDF, Word, Excel, OpenDocument, JPEG or PNG file."))
        )
    if len(filename) > MAX_FILENAME_CHARACTERS:
        problems.append(
            Problem(
                _l("The name of this file is too long: at most %(count)s characters.", count=MAX_FILENAME_CHARACTERS)
            )
        )
    return problems


def _archive_type(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size <= 100:
                written = archive.read("mimetype").decode("ascii", "replace")
                return written if written in _ODF_TYPES else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return None
    if any(name.endswith("vbaProject.bin") for name in names):
        return None  # a document with macros can run programs on the computer of whoever opens it
    return next((kind for part, kind in _PARTS_OF_OFFICE_FILES.items() if part in names), None)
