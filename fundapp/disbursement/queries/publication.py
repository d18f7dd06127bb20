"""What the public may read of awards: the one condition, and what was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import joinedload

from fundapp.applications.identity import FACE, Face
from fundapp.applications.models import Application, Call, Entry, ProtectionChange
from fundapp.applications.scope import in_work
from fundapp.core.db import db
from fundapp.disbursement.models import Award, Letter, LetterKind, PublicationChoice
from fundapp.disbursement.publication_rules import DAYS_BEFORE, Publication
from fundapp.review.models import Decision


@dataclass(frozen=True)
class Published:
    """An award of which the public may read something; `choice` says what."""

    award: Award
    choice: PublicationChoice
    call: Call
    face: Face
    language: str
    """In which the application was written."""


def published(now: datetime) -> Sequence[Published]:
    """Return the awards of which the public may read something, by day and then by their random ids.

    It is the same for everybody who asks. Nothing in it follows from awards that are not in it.
    """
    rows = db.session.execute(
        select(Award, PublicationChoice, Call, FACE, Application.language)
        .join(PublicationChoice, PublicationChoice.award_id == Award.id)
        .join(Call, Call.id == Award.call_id)
        .join(Decision, Decision.id == Award.decision_id)
        .join(Entry, Entry.id == Decision.entry_id)
        .join(Entry.application)
        .where(
            PublicationChoice.choice != Publication.WITHHELD,
            Award.awarded_at <= now - timedelta(days=DAYS_BEFORE),
            _may_be_published(),
        )
        .options(joinedload(Call.programme))
    )
    found = [Published(*row) for row in rows]
    return sorted(found, key=lambda each: (each.award.awarded_at.date(), each.choice.public_id))


def chosen_for(award: Award) -> Publication:
    """Return what was chosen for an award and still holds: withheld until somebody chose."""
    choice = db.session.scalar(
        select(PublicationChoice.choice)
        .join(PublicationChoice.award)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .where(PublicationChoice.award_id == award.id, _may_be_published())
    )
    return choice or Publication.WITHHELD


def choice_of(award: Award) -> PublicationChoice | None:
    """Return the row of an award's choice, whether or not it holds; None while nobody chose."""
    return db.session.scalar(
        select(PublicationChoice)
        .where(PublicationChoice.award_id == award.id)
        .execution_options(populate_existing=True)
    )


def award_of(letter: Letter) -> Award | None:
    """Return the award of which a letter tells, None where it tells of none: a certificate asks nobody anything."""
    if letter.decision_id is None or letter.kind is LetterKind.CERTIFICATE:
        return None
    return db.session.scalar(
        select(Award)
        .where(Award.decision_id == letter.decision_id)
        .options(joinedload(Award.decision).joinedload(Decision.entry).joinedload(Entry.application))
    )


def _may_be_published() -> ColumnElement[bool]:
    """Return the condition on PublicationChoice and Application that a choice holds.

    A choice that was made before a step about the protection of its application counts no more: whoever was protected
    for a time is asked again.
    """
    return and_(
        ~Application.is_protected,
        Application.erased_at.is_(None),
        Application.organisation_name != "",
        in_work(),
        ~exists(
            select(ProtectionChange.id).where(
                ProtectionChange.application_id == Application.id, ProtectionChange.at >= PublicationChoice.chosen_at
            )
        ),
    )
