"""Signed copies as their senders and those who look at them see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.files.rules import ACCEPTED as ENDINGS
from fundapp.applications.files.rules import Group
from fundapp.applications.models import Call, FileStatus
from fundapp.applications.presentation.files import checked_file_shown, file_shown
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import AwardOffer, CopyStanding
from fundapp.disbursement.queries.signed_copies import CopyRow, copies_of

ACCEPTED: Final = f".pdf,{ENDINGS[Group.PICTURE]}"
"""What a browser offers to choose from; what is taken is told by content."""
STATES: Final = {
    CopyStanding.WAITING: (_l("To be looked at"), "wait"),
    CopyStanding.CONFIRMED: (_l("Confirmed"), "good"),
    CopyStanding.SENT_BACK: (_l("Sent back"), "act"),
    CopyStanding.REPLACED: (_l("Replaced"), ""),
}


@dataclass(frozen=True)
class CopyShown:
    """A signed copy. `note` says what stands against its file ("": nothing), `reason` why it was sent back."""

    number: int
    filename: str
    megabytes: str
    has_link: bool
    note: str
    state: str
    kind: str
    sent: Moment
    name: str
    role: str
    reason: str
    may_confirm: bool
    may_send_back: bool


def own_copies(offer: AwardOffer | None, call: Call) -> Sequence[CopyShown]:
    """Return the signed copies of an award as its own people see them, the newest first."""
    return [_shown(row, call, is_own=True) for row in copies_of(offer)]


def copies_to_look_at(offer: AwardOffer | None, call: Call) -> Sequence[CopyShown]:
    """Return the signed copies of an award as those who run the call see them, the newest first.

    They get a copy of the file without what tells who made it with what.
    """
    return [_shown(row, call, is_own=False) for row in copies_of(offer)]


def _shown(row: CopyRow, call: Call, *, is_own: bool) -> CopyShown:
    copy, file = row.copy, row.file
    label, kind = STATES[copy.standing]
    looks = not is_own and current_actor().can(P.LETTER_MANAGE, call.id) and copy.standing is CopyStanding.WAITING
    is_ready = file is not None and file.status is FileStatus.READY
    shown = None if file is None else file_shown(file) if is_own else checked_file_shown(file)
    return CopyShown(
        number=copy.number,
        filename=shown.filename if shown and is_own else _("Signed copy %(number)s", number=copy.number),
        megabytes=shown.megabytes if shown else "",
        has_link=shown is not None and (shown.has_link if is_own else is_ready),
        note=_note(row, is_own=is_own),
        state=str(label),
        kind=kind,
        sent=moment(copy.sent_at, call.time_zone),
        name=copy.name,
        role=copy.role,
        reason=copy.reason,
        may_confirm=looks and is_ready,
        may_send_back=looks,
    )


def _note(row: CopyRow, *, is_own: bool) -> str:
    match row.file.status if row.file else None:
        case None:
            return _("The file was erased.")
        case FileStatus.INFECTED:
            return _("A virus was found in this file, so nobody can open it.")
        case FileStatus.FAILED if not is_own:
            return _("This file cannot be shown safely. Send it back and ask for a PDF or a photo.")
        case FileStatus.PENDING if not is_own:
            return _("This file is still being looked into. Look again in a while.")
    return ""
