"""Having files looked into once more."""

from collections.abc import Iterable
from datetime import datetime

from fundapp.accounts.permissions import Actor
from fundapp.applications.files.transitions import FILE
from fundapp.applications.models import Attachment
from fundapp.applications.services.attaching import FILE_KIND
from fundapp.core import outbox
from fundapp.core.workflow import apply_transition

NO_COPY = {
    "copy_stored_as": None,
    "copy_content_type": None,
    "copy_size_bytes": None,
    "failure": "",
    "scanned_at": None,
}


def look_again(*, actor: Actor, attachments: Iterable[Attachment], now: datetime) -> None:
    """Have files scanned and copied once more. Raises NotAllowed, InvalidTransition."""
    for attachment in attachments:
        call_id = attachment.application.call_id
        apply_transition(FILE, attachment, "look_again", actor=actor, now=now, call_id=call_id, evidence=NO_COPY)
        outbox.enqueue(
            kind=FILE_KIND,
            subject_id=attachment.id,
            now=now,
            dedup_key=f"{FILE_KIND}:{attachment.id}:{now.isoformat()}",
        )
