"""Files of applications on their way out."""

import unicodedata
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote

from flask import Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import dump_options_header

from fundapp.applications.files.rules import Group, group_of
from fundapp.applications.models import Attachment, FileStatus
from fundapp.core import sealed_files
from fundapp.core.errors import Conflict, NotFound
from fundapp.core.i18n import gettext as _
from fundapp.core.sealed_files import SealedFile
from fundapp.core.storage import Storage

ALONE = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""The content security policy of a file: whatever it is, it is nothing of ours and runs nothing."""


def storage() -> Storage:
    """Return where this installation keeps files."""
    return cast(Storage, current_app.extensions["storage"])


def file_response(attachment: Attachment, *, name: str = "") -> Response:
    """Send a file (as `name`, if not under its own). Raises Conflict for one in which a virus was found."""
    if attachment.status is FileStatus.INFECTED:
        raise Conflict(_("A virus was found in this file, so nobody can open it."))
    return _response(attachment.file, attachment.content_type, attachment.size_bytes, name or attachment.filename)


def copy_response(attachment: Attachment, *, name: str) -> Response:
    """Send the copy that reviewers get, under a name that tells nothing. Raises NotFound while there is none."""
    if attachment.copy is None or attachment.copy_content_type is None or attachment.copy_size_bytes is None:
        raise NotFound
    return _response(attachment.copy, attachment.copy_content_type, attachment.copy_size_bytes, name)


def _response(file: SealedFile, content_type: str, size: int, name: str) -> Response:
    """Send sound and film so that they play in the page, piece by piece, and all else to be saved."""
    plays = group_of(content_type) in (Group.SOUND, Group.FILM)
    wanted = _stretch_wanted(size) if plays else None
    if wanted is None:
        response = Response(sealed_files.contents(storage(), file), content_type=content_type)
        response.content_length = size
    else:
        start, stop = wanted
        response = Response(_stretch(file, size, start, stop), 206, content_type=content_type)
        response.content_length = stop - start
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if plays:
        response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = _disposition("inline" if plays else "attachment", name)
    response.headers["Content-Security-Policy"] = ALONE
    return response


def _stretch_wanted(size: int) -> tuple[int, int] | None:
    """Return the bytes that a player asks for, from and before; None for all. Source: RFC 9110, 14.

    Raises RequestedRangeNotSatisfiable.
    """
    if request.range is None or request.range.units != "bytes" or len(request.range.ranges) != 1:
        return None
    stretch = request.range.range_for_length(size)
    if stretch is None:
        raise RequestedRangeNotSatisfiable(size)
    return stretch


def _stretch(file: SealedFile, size: int, start: int, stop: int) -> Iterator[bytes]:
    """Open the first chunk at once, so that a file that does not open is an error page and no broken answer."""
    pieces = sealed_files.stretch(storage(), file, size=size, start=start, stop=stop)
    first = next(pieces)

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from pieces

    return all_pieces()


def _disposition(how: str, name: str) -> str:
    """Return the header that offers a file under a name in any script. Source: RFC 6266, RFC 8187."""
    if name.isascii():
        return dump_options_header(how, {"filename": name})
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return dump_options_header(how, {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})
