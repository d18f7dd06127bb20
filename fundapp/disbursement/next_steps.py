"""What waits in a call once its list is ratified: the release, letters that failed, and answers to awards."""

from datetime import datetime

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.queries.letters import letter_counts
from fundapp.disbursement.queries.offers import Standing, standing_counts
from fundapp.review.models import SlateStatus
from fundapp.review.queries.selection import current_slate


def steps_of_release(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return what the actor can do now about the release and the letters of a call."""
    slate = current_slate(call=call)
    if slate is None:
        return []
    url = url_for("disbursement.letters", slug=call.slug)
    if slate.status is SlateStatus.RATIFIED and actor.can(P.DECISION_RELEASE, call.id):
        return [NextStep(url, _("Release the decisions"))]
    if actor.can(P.LETTER_MANAGE, call.id) and letter_counts(actor=actor, call=call)[LetterStatus.FAILED]:
        return [NextStep(url, _("Some letters could not be made"))]
    return _steps_of_offers(actor, call, now) if slate.status is SlateStatus.RELEASED else []


def _steps_of_offers(actor: Actor, call: Call, now: datetime) -> list[NextStep]:
    """Return the questions that wait for an answer, and the offers whose time is over."""
    if not actor.can(P.LETTER_MANAGE, call.id):
        return []
    counts = standing_counts(actor=actor, call=call, now=now)
    asked, overdue = counts[Standing.ASKED], counts[Standing.OVERDUE]
    steps = []
    if asked:
        words = ngettext("%(num)s question about an award", "%(num)s questions about awards", asked)
        steps.append(NextStep(_offers_url(call, Standing.ASKED), words))
    if overdue:
        words = ngettext("%(num)s award without an answer in time", "%(num)s awards without an answer in time", overdue)
        steps.append(NextStep(_offers_url(call, Standing.OVERDUE), words))
    return steps


def _offers_url(call: Call, standing: Standing) -> str:
    return url_for("disbursement.offers", slug=call.slug, standing=standing.value)
