"""What the page of all calls tells of letters and of the money of awards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.overview import Known
from fundapp.core.i18n import ngettext
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.queries.overview import Afterwards, afterwards_of


def told_of_awards(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, Known]:
    """Return what became of the decisions of calls."""
    after = afterwards_of(actor=actor, calls=calls, now=now)
    return {
        call.id: Known(
            funded_minor=after[call.id].funded_minor if actor.can(P.FUNDS_READ, call.id) else None,
            letters=_letters(after[call.id]) if actor.can(P.LETTERS_READ, call.id) else (),
        )
        for call in calls
    }


def _letters(after: Afterwards) -> list[str]:
    made, failed = after.letters[LetterStatus.MADE], after.letters[LetterStatus.FAILED]
    if not made and not failed:
        return []
    return [
        ngettext("%(num)s letter made", "%(num)s letters made", made),
        ngettext("%(num)s letter failed", "%(num)s letters failed", failed),
        ngettext("%(num)s letter opened", "%(num)s letters opened", after.opened),
    ]
