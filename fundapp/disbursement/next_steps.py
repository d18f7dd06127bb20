"""What waits in calls once their lists are ratified: the release, letters, and answers to awards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call
from fundapp.applications.next_steps import NextStep, Whom, step
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.disbursement.models import LetterStatus
from fundapp.disbursement.queries.offers import Standing
from fundapp.disbursement.queries.overview import Afterwards, afterwards_of
from fundapp.review.models import SlateStatus
from fundapp.review.queries.waiting import statuses_of_lists


def steps_of_release(actor: Actor, calls: Sequence[Call], now: datetime) -> Mapping[UUID, list[NextStep]]:
    """Return what waits about the release, the letters and the answers to awards of calls."""
    lists = statuses_of_lists([call.id for call in calls])
    after = afterwards_of(actor=actor, calls=calls, now=now)
    return {call.id: _steps(actor, call, lists[call.id], after[call.id]) for call in calls if call.id in lists}


def _steps(actor: Actor, call: Call, status: SlateStatus, after: Afterwards) -> list[NextStep]:
    if status is SlateStatus.RATIFIED:
        title = _("Release the decisions")
        return step(actor, call, title, "disbursement.letters", does=P.DECISION_RELEASE, sees=P.LETTERS_READ)
    steps = []
    if making := after.letters[LetterStatus.QUEUED]:
        title = ngettext("%(num)s letter is being made", "%(num)s letters are being made", making)
        steps += step(actor, call, title, "disbursement.letters", does=None, sees=P.LETTERS_READ, whom=Whom.WORKERS)
    if after.letters[LetterStatus.FAILED]:
        title = _("Some letters could not be made")
        return steps + step(actor, call, title, "disbursement.letters", does=P.LETTER_MANAGE, sees=P.LETTERS_READ)
    return steps + (_steps_of_offers(actor, call, after) if status is SlateStatus.RELEASED else [])


def _steps_of_offers(actor: Actor, call: Call, after: Afterwards) -> list[NextStep]:
    """Return the questions that wait for an answer, the offers whose time is over, and those that have time."""
    steps = []
    if after.asked:
        title = ngettext("%(num)s question about an award", "%(num)s questions about awards", after.asked)
        steps += _of_offers(actor, call, title, Standing.ASKED, P.LETTER_MANAGE, Whom.MANAGERS)
    if after.signed:
        title = ngettext("%(num)s signed copy to look at", "%(num)s signed copies to look at", after.signed)
        steps += _of_offers(actor, call, title, Standing.SIGNED, P.LETTER_MANAGE, Whom.MANAGERS)
    if after.overdue:
        title = ngettext(
            "%(num)s award without an answer in time", "%(num)s awards without an answer in time", after.overdue
        )
        steps += _of_offers(actor, call, title, Standing.OVERDUE, P.LETTER_MANAGE, Whom.MANAGERS)
    if after.waiting:
        title = ngettext("%(num)s award waits for an answer", "%(num)s awards wait for an answer", after.waiting)
        steps += _of_offers(actor, call, title, Standing.WAITING, None, Whom.APPLICANTS)
    return steps


def _of_offers(actor: Actor, call: Call, title: str, standing: Standing, does: P | None, whom: Whom) -> list[NextStep]:
    return step(
        actor,
        call,
        title,
        "disbursement.offers",
        does=does,
        sees=P.LETTERS_READ,
        whom=whom,
        standing=standing.value,
    )
