"""Files of applications on their way out."""

from io import BytesIO
from typing import cast

from flask import Response, current_app, send_file

from fundapp.applications.models import Attachment
from fundapp.core.storage import Storage


def storage() -> Storage:
    """Return where this installation keeps files."""
    return cast(Storage, current_app.extensions["storage"])


def file_response(attachment: Attachment, *, name: str = "") -> Response:
    """Send a file to be saved (as `name`, if not under its own), never to be opened as a page of ours."""
    return send_file(
        BytesIO(storage().read(attachment.sha256)),
        mimetype=attachment.content_type,
        as_attachment=True,
        download_name=name or attachment.filename,
    )
