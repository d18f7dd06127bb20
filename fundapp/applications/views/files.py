"""Files of applications on their way out."""

import unicodedata
from typing import cast
from urllib.parse import quote

from flask import Response, current_app
from werkzeug.http import dump_options_header

from fundapp.applications.models import Attachment
from fundapp.core import sealed_files
from fundapp.core.storage import Storage


def storage() -> Storage:
    """Return where this installation keeps files."""
    return cast(Storage, current_app.extensions["storage"])


def file_response(attachment: Attachment, *, name: str = "") -> Response:
    """Send a file to be saved (as `name`, if not under its own), never to be opened as a page of ours."""
    response = Response(sealed_files.contents(storage(), attachment.file), content_type=attachment.content_type)
    response.content_length = attachment.size_bytes
    response.headers["Content-Disposition"] = _to_save(name or attachment.filename)
    return response


def _to_save(name: str) -> str:
    """Return the header that offers a file under a name in any script. Source: RFC 6266, RFC 8187."""
    if name.isascii():
        return dump_options_header("attachment", {"filename": name})
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return dump_options_header("attachment", {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})
