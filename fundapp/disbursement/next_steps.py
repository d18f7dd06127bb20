"""What waits in a call once its list is ratified: the release, and letters that could not be made."""

from datetime import datetime

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep
from fundapp.core.i18n import gettext as _
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.queries.letters import letter_counts
from fundapp.review.models import SlateStatus
from fundapp.review.queries.selection import current_slate


def steps_of_release(actor: Actor, call: Call, _now: datetime) -> list[NextStep]:
    """Return what the actor can do now about the release and the letters of a call."""
    slate = current_slate(call=call)
    if slate is None:
        return []
    url = url_for("disbursement.letters", slug=call.slug)
    if slate.status is SlateStatus.RATIFIED and actor.can(P.DECISION_RELEASE, call.id):
        return [NextStep(url, _("Release the decisions"))]
    if actor.can(P.LETTER_MANAGE, call.id) and letter_counts(actor=actor, call=call)[LetterStatus.FAILED]:
        return [NextStep(url, _("Some letters could not be made"))]
    return []
