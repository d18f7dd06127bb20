"""What the people of an award let the public read: asked, chosen, and taken back with an erasure."""

from datetime import datetime
from typing import Final

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Entry
from fundapp.applications.queries.applicant import holds
from fundapp.core.audit import record, text_sha256
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed
from fundapp.core.i18n import current_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Award, PublicationChoice
from fundapp.disbursement.publication_rules import Publication
from fundapp.disbursement.queries.publication import choice_of, chosen_for
from fundapp.review.models import Decision

CHOICES: Final = {
    Publication.FULL: (
        _l("Everything"),
        _l(
            "The name of the organisation, the title of the application, its country, the amount and the date. They "
            "stand on the page of those who received awards, and in open files that others copy and keep."
        ),
    ),
    Publication.NAME_ONLY: (
        _l("The name only"),
        _l(
            "The name of the organisation beside the name of the call, on the page of those who received awards. No "
            "title, no country, no amount, and in no file."
        ),
    ),
    Publication.REGION_ONLY: (
        _l("The part of the world only"),
        _l(
            "No name. The award is counted together with at least four others of the call: how many there are in a "
            "part of the world, and how much money that is. Where there are fewer, nothing is told."
        ),
    ),
    Publication.WITHHELD: (
        _l("Nothing"),
        _l("Nothing about this award is published anywhere. This holds until you choose something else."),
    ),
}
"""The name of each choice, and what it means."""


def is_asked(award: Award) -> bool:
    """Say whether the people of an award are asked: nothing of a protected or erased application is published."""
    application = award.decision.entry.application
    return not application.is_protected and application.erased_at is None


def question() -> str:
    """Return the four choices with their meanings in the current language: the hash of this text is kept."""
    return "\n".join(f"{name}: {meaning}" for name, meaning in CHOICES.values())


def choose_publication(*, actor: Actor, award: Award, choice: Publication, now: datetime) -> PublicationChoice:
    """Keep what the people of an award let the public read; another choice changes it, at any time and in every way.

    The choices are taken as they are put in the current language. Raises NotAllowed for whoever does not hold the
    application, and Conflict where nobody is asked.
    """
    application = award.decision.entry.application
    if actor.person_id is None or not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock_row(application)
    if not is_asked(award):
        raise Conflict(_l("Nothing about this award is published, so there is nothing to choose."))
    chosen = choice_of(award)
    if chosen is not None and chosen.choice is choice is chosen_for(award):
        return chosen
    if chosen is None:
        chosen = PublicationChoice(award_id=award.id)
        db.session.add(chosen)
    chosen.choice = choice
    chosen.text_sha256 = text_sha256(question())
    chosen.language = current_language()
    chosen.chosen_by_id = actor.person_id
    chosen.chosen_at = now
    _record(actor, "publication:choose", chosen, award, now)
    return chosen


def withdraw_publication(*, actor: Actor, application: Application, now: datetime) -> None:
    """Publish nothing about the awards of an application any more: it is erased."""
    for chosen in db.session.scalars(
        select(PublicationChoice)
        .join(PublicationChoice.award)
        .join(Award.decision)
        .join(Decision.entry)
        .where(Entry.application_id == application.id, PublicationChoice.choice != Publication.WITHHELD)
    ):
        chosen.choice, chosen.chosen_by_id, chosen.chosen_at = Publication.WITHHELD, None, now
        _record(actor, "publication:withdraw", chosen, chosen.award, now)


def _record(actor: Actor, action: str, chosen: PublicationChoice, award: Award, now: datetime) -> None:
    db.session.flush()
    record(
        actor=actor,
        action=action,
        subject=chosen,
        now=now,
        call_id=award.call_id,
        data={"award": str(award.id), "choice": chosen.choice},
    )
