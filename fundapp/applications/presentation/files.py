"""Files as people see them: the applicant's own, and the copies of reviewers."""

import mimetypes
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fundapp.applications.files import rules as file_rules
from fundapp.applications.files.rules import Group, group_of
from fundapp.applications.form_engine.definition import Question
from fundapp.applications.models import Attachment, FileStatus
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.inspection.reasons import Why
from fundapp.core.numbers import megabytes_text

_ENDINGS: Final = {
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/amr": ".amr",
    "audio/webm": ".webm",
    "image/jpeg": ".jpg",
}
"""Where the standard library knows none, or one that nobody uses."""
_FAILURES: Final = {
    Why.NOT_CLEANED: _l("it holds something whose hidden details cannot be taken out"),
    Why.TOO_MUCH: _l("it is too large or too deep to be taken apart"),
    Why.BROKEN: _l("it does not open"),
    "scanner": _l("the virus scanner did not answer for hours"),
}


@dataclass(frozen=True)
class FileShown:
    """A file as a link, or as something to play; without a link where there is nothing to fetch.

    `note` says in what state it is where that matters to whoever looks; `failed` that it can be looked into again.
    """

    id: UUID
    filename: str
    content_type: str
    megabytes: str
    has_link: bool
    note: str = ""
    failed: bool = False

    @property
    def plays(self) -> str:
        """Return "audio" or "video" for what plays in the page, else ""."""
        return {Group.SOUND: "audio", Group.FILM: "video"}.get(group_of(self.content_type), "")


def file_shown(attachment: Attachment) -> FileShown:
    """Return a file to those whose it is."""
    is_infected = attachment.status is FileStatus.INFECTED
    note = _("A virus was found in this file, so nobody can open it. Choose another file.") if is_infected else ""
    return _original(attachment, note)


def checked_file_shown(attachment: Attachment) -> FileShown:
    """Return a file to those who check applications: the file itself, and what reviewers get of it."""
    return _original(attachment, " ".join(part for part in (_scan_note(attachment), _copy_note(attachment)) if part))


def copy_shown(attachment: Attachment, reference: str) -> FileShown:
    """Return the copy of a file to a reviewer, under a name that tells nothing."""
    return FileShown(
        id=attachment.id,
        filename=copy_name(attachment, reference),
        content_type=attachment.copy_content_type or attachment.content_type,
        megabytes=megabytes_text(attachment.copy_size_bytes or 0),
        has_link=attachment.status is FileStatus.READY,
        note={
            FileStatus.READY: "",
            FileStatus.PENDING: _("This file is still being prepared. Look again in a while."),
        }.get(attachment.status, _("This file cannot be shown to you. Those who manage the call know why.")),
    )


def copy_name(attachment: Attachment, reference: str) -> str:
    """Return the name of a reviewer's copy: the application's reference, the question, and the kind of file."""
    kind = attachment.copy_content_type or attachment.content_type
    return f"{reference}-{attachment.question.replace('~', '-')}{ending_of(kind)}"


def ending_of(content_type: str) -> str:
    """Return the ending of names of a kind of file (".pdf")."""
    return _ENDINGS.get(content_type) or mimetypes.guess_extension(content_type) or ""


def file_limits(question: Question) -> str:
    """Say which files a question takes, in one sentence."""
    return file_rules.limit_of(question.kind)


def accept_of(question: Question) -> str:
    """Return the `accept` attribute of a question's file field."""
    return file_rules.accepted(question.kind)


def _original(attachment: Attachment, note: str) -> FileShown:
    return FileShown(
        id=attachment.id,
        filename=attachment.filename,
        content_type=attachment.content_type,
        megabytes=megabytes_text(attachment.size_bytes),
        has_link=attachment.status is not FileStatus.INFECTED,
        note=note,
        failed=attachment.status is FileStatus.FAILED,
    )


def _scan_note(attachment: Attachment) -> str:
    if attachment.status is FileStatus.INFECTED:
        return _("A virus was found: nobody can open it.")
    return "" if attachment.scanned_at else _("Not scanned for viruses.")


def _copy_note(attachment: Attachment) -> str:
    match attachment.status:
        case FileStatus.PENDING:
            return _("Reviewers do not get it yet: it is being looked into.")
        case FileStatus.FAILED:
            why = _FAILURES.get(attachment.failure) or _FAILURES[Why.NOT_CLEANED]
            return _("Reviewers do not get it: %(why)s.", why=why)
    return ""
