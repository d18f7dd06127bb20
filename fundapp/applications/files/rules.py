"""Which files a question takes, how large, and what is said of one that it does not take."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from fundapp.applications.form_engine.definition import Kind
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.inspection.reasons import Why

MEGABYTE: Final = 1024 * 1024
MAX_FILENAME_CHARACTERS: Final = 200
PART_BYTES: Final = 256 * 1024
"""What a page sends at a time: on the slowest line that still works it arrives within a minute."""
MAX_PART_BYTES: Final = 1 * MEGABYTE
MIN_PART_BYTES: Final = 16 * 1024
"""Of every part but the last: a file is never cut into dust."""
PERSON_MEGABYTES: Final = 500
"""What one person may keep in applications that were not sent yet."""
SPARE_BYTES: Final = 512 * MEGABYTE
"""What stays free on the disk for everything else."""


class Group(StrEnum):
    """Kinds of files that people think of as one."""

    DOCUMENT = "document"
    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"


MAX_MEGABYTES: Final[Mapping[Group, int]] = {Group.DOCUMENT: 10, Group.PICTURE: 10, Group.SOUND: 20, Group.FILM: 50}
TAKEN: Final[Mapping[Kind, tuple[Group, ...]]] = {
    Kind.FILE: (Group.DOCUMENT, Group.PICTURE),
    Kind.IMAGE: (Group.PICTURE,),
    Kind.AUDIO: (Group.SOUND,),
    Kind.VIDEO: (Group.FILM,),
    Kind.RECORDING: (Group.SOUND, Group.FILM),
}
"""One file for each question."""
ACCEPTED: Final[Mapping[Group, str]] = {
    Group.DOCUMENT: ".pdf,.docx,.xlsx,.odt,.ods",
    Group.PICTURE: "image/jpeg,image/png,image/webp,image/heic,.heic",
    Group.SOUND: "audio/*,.m4a,.mp3,.ogg,.opus,.wav,.amr,.3gp,.aac",
    Group.FILM: "video/*,.mp4,.mov,.webm,.3gp",
}
"""What a browser offers to choose from; what is taken is told by content."""
_FAMILIES: Final = {"image": Group.PICTURE, "audio": Group.SOUND, "video": Group.FILM}

_LIMITS: Final[Mapping[Kind, str]] = {
    Kind.FILE: _l("One file: PDF, Word, Excel, OpenDocument, or a picture; at most %(size)s MB."),
    Kind.IMAGE: _l("One picture: JPEG, PNG, WebP or HEIC; at most %(size)s MB."),
    Kind.AUDIO: _l("One sound recording, as telephones make them (M4A, MP3, OGG, WAV, AMR); at most %(size)s MB."),
    Kind.VIDEO: _l("One video, as telephones make them (MP4, MOV, WebM, 3GP); at most %(size)s MB."),
    Kind.RECORDING: _l("One sound recording or video, as telephones make them; at most %(size)s MB."),
}
_OTHER_KIND: Final[Mapping[Kind, str]] = {
    Kind.FILE: _l("We cannot take this kind of file. Choose a PDF, Word, Excel or OpenDocument file, or a picture."),
    Kind.IMAGE: _l("This is not a picture that we can take. Choose a JPEG, PNG, WebP or HEIC file."),
    Kind.AUDIO: _l("This is not a sound recording that we can take. Choose an M4A, MP3, OGG, WAV or AMR file."),
    Kind.VIDEO: _l("This is not a video that we can take. Choose an MP4, MOV, WebM or 3GP file."),
    Kind.RECORDING: _l("This is not a recording that we can take. Choose a sound or video file of your telephone."),
}
_REASONS: Final[Mapping[Why, str]] = {
    Why.ACTIVE: _l(
        "This is a web page, a drawing or a message that could run programs. Print it as a PDF, and choose that."
    ),
    Why.OLD_OFFICE: _l(
        "This file is of an old kind of Word or Excel. Save it as .docx, .xlsx or PDF, and choose that."
    ),
    Why.LOCKED: _l("This file is locked with a password. Save it again without the password, and choose that."),
    Why.MACROS: _l("This file holds macros, which are programs. Save it without macros or as a PDF, and choose that."),
    Why.TWO_KINDS: _l("This file is two kinds of file in one, which can do harm. Save it again, or print it as a PDF."),
    Why.BROKEN: _l("This file does not open: it may have been cut off. Try to open it yourself, and choose it again."),
    Why.TOO_MUCH: _l("This file unpacks to more than we can take. Save it as a PDF, or make it smaller."),
    Why.PIXELS: _l("This picture has too many pixels. Make it smaller, and choose it again."),
}


def group_of(content_type: str) -> Group:
    """Return what people call a media type that we take."""
    return _FAMILIES.get(content_type.partition("/")[0], Group.DOCUMENT)


def limit_of(kind: Kind) -> str:
    """Say which files a question of a kind takes, in one sentence."""
    return _LIMITS[kind] % {"size": largest(kind)}


def largest(kind: Kind) -> int:
    """Return the most megabytes that a question of a kind takes."""
    return max(MAX_MEGABYTES[group] for group in TAKEN[kind])


def accepted(kind: Kind) -> str:
    """Return what a browser offers to choose from, for the attribute `accept`."""
    return ",".join(ACCEPTED[group] for group in TAKEN[kind])


def announced_problems(kind: Kind, *, filename: str, size_bytes: int) -> list[Problem]:
    """Return what stands against a file before anybody looks into it: empty, too large, an endless name."""
    problems = []
    if size_bytes == 0:
        problems.append(Problem(_l("This file is empty. Choose it again.")))
    elif size_bytes > largest(kind) * MEGABYTE:
        problems.append(_too_large(largest(kind)))
    if len(filename) > MAX_FILENAME_CHARACTERS:
        problems.append(
            Problem(
                _l("The name of this file is too long: at most %(count)s characters.", count=MAX_FILENAME_CHARACTERS)
            )
        )
    return problems


def content_problems(kind: Kind, content_type: str, *, size_bytes: int) -> list[Problem]:
    """Return what stands against a file of a media type: of another kind than is asked for, too large for its kind."""
    group = group_of(content_type)
    if group not in TAKEN[kind]:
        return [Problem(_OTHER_KIND[kind])]
    if size_bytes > MAX_MEGABYTES[group] * MEGABYTE:
        return [_too_large(MAX_MEGABYTES[group])]
    return []


def refusal(kind: Kind, why: Why) -> Problem:
    """Say why a file cannot be taken, and what to do."""
    return Problem(_REASONS.get(why, _OTHER_KIND[kind]))


def _too_large(megabytes: int) -> Problem:
    return Problem(_l("This file is too large: at most %(size)s MB can be taken.", size=megabytes))
