"""Whether an application may be considered in the next call, as its people and those who run that call see it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Application
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.queries.applicant import holds
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.services.next_call import Band, ComesAgain, consent_of, is_asked, may_be_invited, question_for

BANDS: Final = {
    Band.UPPER: _l("Upper third of its list"),
    Band.MIDDLE: _l("Middle third of its list"),
    Band.LOWER: _l("Lower third of its list"),
}


@dataclass(frozen=True)
class Asked:
    """The question to an application's people, and what they answered (`answered` None: nothing yet)."""

    question: str
    answer: str
    kind: str
    says_yes: bool
    answered: Moment | None
    may_answer: bool


@dataclass(frozen=True)
class ComesAgainShown:
    """An application that may be considered again, without scores."""

    id: UUID
    reference: str
    organisation: str
    title: str
    call: Said
    band: str
    is_invited: bool
    may_be_invited: bool


def next_call_asked(application: Application) -> Asked | None:
    """Return what an application's people are asked; None where nobody is."""
    if not is_asked(application):
        return None
    consent = consent_of(application)
    says_yes = consent is not None and consent.says_yes
    return Asked(
        question=question_for(application.call),
        answer=_("You said yes") if says_yes else _("You said no"),
        kind="good" if says_yes else "",
        says_yes=says_yes,
        answered=moment(consent.answered_at, application.call.time_zone) if consent else None,
        may_answer=holds(actor=current_actor(), application=application),
    )


def comes_again_shown(each: ComesAgain) -> ComesAgainShown:
    """Return one line of the list."""
    return ComesAgainShown(
        id=each.application.id,
        reference=each.face.reference,
        organisation=each.face.name,
        title=each.face.title,
        call=said(each.application.call.titles),
        band=str(BANDS[each.band]) if each.band else "",
        is_invited=each.invited,
        may_be_invited=may_be_invited(each.application),
    )
