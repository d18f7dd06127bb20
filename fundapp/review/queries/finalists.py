"""Finalists: those whom people named, for staff; those whom everybody may read of, and who of them won."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import contains_eager

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call, Category, Entry, ProtectionChange
from fundapp.applications.queries.applicant import own_application
from fundapp.applications.queries.public import announced_call
from fundapp.applications.scope import goes_to_reviewers, held_by, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.finalist_rules import Placed
from fundapp.review.models import (
    Decision,
    Finalist,
    FinalistProfile,
    FinalistsAnnouncement,
    Outcome,
    ProfileStatus,
    Slate,
    SlateStatus,
)
from fundapp.review.queries.ranking import Ranked, category_code
from fundapp.review.queries.selection import selection


@dataclass(frozen=True)
class FinalistRow:
    """An entry that can be a finalist, with what was done about it so far."""

    ranked: Ranked
    finalist: Finalist | None
    profile: FinalistProfile | None

    @property
    def entry(self) -> Entry:
        """Return the entry."""
        return self.ranked.entry

    @property
    def placed(self) -> Placed:
        """Return it as the rules of finalists see it."""
        return Placed(str(self.entry.id), category_code(self.entry), self.ranked.figures.rank)


@dataclass(frozen=True)
class ShownFinalist:
    """A finalist of whom everybody may read, with what its people agreed to."""

    finalist: Finalist
    entry: Entry
    profile: FinalistProfile


def finalist_rows(*, actor: Actor, call: Call) -> list[FinalistRow]:
    """Return what can be a finalist, by category and rank: eligible entries that went on to the stage that decides.

    Only entries that the actor may see. Nothing while the scores are closed to those who decide.
    """
    found = selection(actor=actor, call=call)
    if found.hides_scores:
        return []
    named = {each.entry_id: each for each in finalists_of(actor=actor, call=call)}
    seen = [row.entry.application_id for row in found.ranked]
    profiles = {
        profile.application_id: profile
        for profile in db.session.scalars(
            select(FinalistProfile)
            .where(FinalistProfile.application_id.in_(seen))
            .execution_options(populate_existing=True)
        )
    }
    rows = [
        FinalistRow(row, named.get(row.entry.id), profiles.get(row.entry.application_id))
        for row in found.ranked
        if row.entry.id in named or (row.is_eligible and not row.stayed_behind)
    ]
    positions = {category.code: category.position for category in call.categories}
    return sorted(rows, key=lambda row: positions.get(category_code(row.entry), 0))


def finalist_row(*, actor: Actor, call: Call, entry_id: UUID) -> FinalistRow:
    """Return the row of a finalist. Raises NotFound for an entry that nobody named, or that the actor may not see."""
    for row in finalist_rows(actor=actor, call=call):
        if row.entry.id == entry_id and row.finalist is not None:
            return row
    raise NotFound


def finalists_of(*, actor: Actor, call: Call) -> list[Finalist]:
    """Return the finalists of a call that the actor may see, whatever became of them."""
    return list(
        db.session.scalars(
            select(Finalist)
            .join(Finalist.entry)
            .join(Entry.application)
            .where(Finalist.call_id == call.id, visible_to(actor))
            .order_by(Finalist.named_at, Finalist.id)
            .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
        )
    )


def announcement_of(call: Call) -> FinalistsAnnouncement | None:
    """Return when the finalists of a call were announced, and by whom; None before."""
    return db.session.scalar(select(FinalistsAnnouncement).where(FinalistsAnnouncement.call_id == call.id))


def call_with_finalists(slug: str) -> Call:
    """Return a call whose finalists were announced. Raises NotFound: before that moment there is nothing to read."""
    call = announced_call(slug)
    if announcement_of(call) is None:
        raise NotFound
    return call


def shown_finalists(*, call: Call) -> list[ShownFinalist]:
    """Return whom everybody may read of, by category and name: never by rank, and nobody is counted who is left out."""
    rows = db.session.execute(
        select(Finalist, FinalistProfile)
        .join(Finalist.entry)
        .join(Entry.application)
        .join(FinalistProfile, FinalistProfile.application_id == Application.id)
        .outerjoin(Entry.category)
        .where(Finalist.call_id == call.id, _may_be_shown())
        .options(
            contains_eager(Finalist.entry).contains_eager(Entry.category),
            contains_eager(Finalist.entry).contains_eager(Entry.application),
        )
        .order_by(Category.position, Finalist.id)
    ).all()
    shown = [ShownFinalist(finalist, finalist.entry, profile) for finalist, profile in rows]
    return sorted(shown, key=lambda each: (_position(each.entry), each.profile.said.name.casefold()))


def winning_entries(*, call: Call) -> frozenset[UUID]:
    """Return the entries of a call with an award; none before the decisions were released."""
    return frozenset(
        db.session.scalars(
            select(Decision.entry_id)
            .join(Decision.slate)
            .where(Slate.call_id == call.id, Slate.status == SlateStatus.RELEASED, Decision.outcome == Outcome.AWARD)
        )
    )


def profile_of(application: Application) -> FinalistProfile | None:
    """Return the public profile of an application, or None."""
    return db.session.scalar(select(FinalistProfile).where(FinalistProfile.application_id == application.id))


def own_profile(*, actor: Actor, application_id: UUID) -> FinalistProfile:
    """Return the profile to which the people of an application are asked to agree. Raises NotFound before that.

    That of a protected application is not there: nothing of it is ever shown.
    """
    application = own_application(actor=actor, application_id=application_id)
    profile = profile_of(application)
    if profile is None or profile.status is ProfileStatus.DRAFT or application.is_protected:
        raise NotFound
    return profile


def profiles_waiting(*, actor: Actor) -> list[FinalistProfile]:
    """Return the profiles that wait for the answer of somebody who holds the organisation."""
    return list(
        db.session.scalars(
            select(FinalistProfile)
            .join(FinalistProfile.application)
            .where(
                FinalistProfile.status == ProfileStatus.ASKED,
                held_by(actor),
                goes_to_reviewers(),
                Application.is_protected.is_(False),
            )
            .options(contains_eager(FinalistProfile.application))
            .order_by(FinalistProfile.id)
        )
    )


def _position(entry: Entry) -> int:
    return entry.category.position if entry.category else 0


def _may_be_shown() -> ColumnElement[bool]:
    """Return the condition that Application may be read of: agreed, in the running still, and not protected.

    What its people agreed to before its protection was touched counts no more, also when protection is lowered again.
    """
    protected_since = exists(
        select(ProtectionChange.id).where(
            ProtectionChange.application_id == Application.id, ProtectionChange.at >= FinalistProfile.answered_at
        )
    )
    return and_(
        FinalistProfile.status == ProfileStatus.AGREED,
        goes_to_reviewers(),
        Application.is_protected.is_(False),
        Application.erased_at.is_(None),
        ~protected_since,
    )
