"""Mail that came back: what a mail server says of a mail that it could not deliver.

Source: RFC 3464 (delivery status notifications), RFC 3463 (status codes: 5.x.x is for good, 4.x.x may still change).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from typing import Final, cast
from uuid import UUID

MAX_BYTES: Final = 5 * 1024 * 1024
_STATUS: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_OURS: Final = re.compile(r"\s*<([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})@", re.IGNORECASE)


@dataclass(frozen=True)
class Bounce:
    """A mail of ours that did not arrive, for good, and the code that says why ("5.1.1")."""

    message_id: UUID
    status: str


def bounce_in(data: bytes) -> Bounce | None:
    """Return which mail of ours a notice says was not delivered; None for any other mail, and for mere delays."""
    if len(data) > MAX_BYTES:
        return None
    notice = cast(EmailMessage, BytesParser(policy=policy.compat32).parsebytes(data))
    parts = list(notice.walk())
    status = next((found for part in parts for found in _failures(part)), None)
    original = next((found for part in parts if part is not notice for found in _message_ids(part)), None)
    return Bounce(original, status) if status is not None and original is not None else None


def _failures(part: Message) -> Iterator[str]:
    """Yield the status of each recipient to whom delivery failed for good."""
    if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
        return
    for block in cast("list[Message]", part.get_payload()):
        action, status = str(block.get("Action", "")).strip().lower(), _STATUS.match(str(block.get("Status", "")))
        if action == "failed" and status is not None and status[1].startswith("5"):
            yield status[1]


def _message_ids(part: Message) -> Iterator[UUID]:
    """Yield the id of a mail of ours that a part of the notice gives back, whole or its headers alone."""
    text = str(part.get("Message-ID", ""))
    if part.get_content_type() == "text/rfc822-headers":
        payload = part.get_payload(decode=True)
        headers = BytesParser(policy=policy.compat32).parsebytes(cast(bytes, payload or b""), headersonly=True)
        text = str(headers.get("Message-ID", ""))
    if (found := _OURS.match(text)) is not None:
        yield UUID(found[1])
