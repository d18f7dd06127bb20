"""What reviewers say of themselves, and what calls take over of it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call, CallStatus
from fundapp.core.audit import record
from fundapp.core.db import db, insert_or_find
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.review.models import Reviewer, ReviewerProfile, ReviewerStatus
from fundapp.review.profile_rules import Profile, profile_problems
from fundapp.review.queries.profiles import have_reviewed, profile_of


def save_profile(*, actor: Actor, profile: Profile, languages: Collection[str], now: datetime) -> ReviewerProfile:
    """Keep what a reviewer says of themselves; calls that are not decided go by it from now on.

    `languages` are those that can be chosen. Raises RuleViolations naming everything that is wrong, and NotFound for
    somebody whom no call asks to review.
    """
    reviewers = list(
        db.session.scalars(select(Reviewer).where(Reviewer.person_id == actor.person_id).order_by(Reviewer.id))
    )
    if actor.person_id is None or not reviewers:
        raise NotFound
    if problems := profile_problems(profile, languages):
        raise RuleViolations(problems)
    kept = _kept(actor.person_id, reviewers[0].languages, now)
    kept.languages = list(profile.languages)
    kept.regions = list(profile.regions)
    kept.themes = list(profile.themes)
    kept.has_reviewed_before = profile.has_reviewed_before
    kept.max_at_once = profile.max_at_once
    kept.updated_at = now
    db.session.flush()
    record(actor=actor, action="reviewer-profile:save", subject=kept, now=now)
    running = select(Call.id).where(Call.status != CallStatus.DECIDED)
    for reviewer in db.session.scalars(
        select(Reviewer)
        .where(
            Reviewer.person_id == actor.person_id,
            Reviewer.status == ReviewerStatus.ACCEPTED,
            Reviewer.call_id.in_(running),
        )
        .order_by(Reviewer.id)
    ):
        _take_over(actor, reviewer, kept, now)
    return kept


def take_over_profile(*, actor: Actor, reviewer: Reviewer, now: datetime) -> None:
    """Let a call go by what the reviewer says of themselves, and begin a profile for whoever said nothing yet."""
    kept = profile_of(reviewer.person_id)
    if kept is None:
        kept = _kept(reviewer.person_id, reviewer.languages, now)
        record(actor=actor, action="reviewer-profile:save", subject=kept, now=now)
    _take_over(actor, reviewer, kept, now)


def forget_reviewer(*, actor: Actor, person_id: UUID, now: datetime) -> None:
    """Erase what a person said of themselves as a reviewer, and why they declined; what they read stays counted."""
    kept = profile_of(person_id)
    if kept is not None:
        record(actor=actor, action="reviewer-profile:erase", subject=kept, now=now)
        db.session.delete(kept)
    for reviewer in db.session.scalars(select(Reviewer).where(Reviewer.person_id == person_id).order_by(Reviewer.id)):
        reviewer.answer_reason = reviewer.organisation = ""
        reviewer.regions, reviewer.themes = [], []
        record(actor=actor, action="reviewer:erase", subject=reviewer, now=now, call_id=reviewer.call_id)


def _take_over(actor: Actor, reviewer: Reviewer, kept: ReviewerProfile, now: datetime) -> None:
    reviewer.languages = list(kept.languages)
    reviewer.regions = list(kept.regions)
    reviewer.themes = list(kept.themes)
    reviewer.is_experienced = kept.has_reviewed_before or bool(have_reviewed([reviewer.person_id]))
    db.session.flush()
    record(
        actor=actor,
        action="reviewer:take_over_profile",
        subject=reviewer,
        now=now,
        call_id=reviewer.call_id,
        data={"languages": reviewer.languages, "is_experienced": reviewer.is_experienced},
    )


def _kept(person_id: UUID, languages: Collection[str], now: datetime) -> ReviewerProfile:
    """Return the profile of a person, begun with the languages in which they were invited to read."""
    return profile_of(person_id) or insert_or_find(
        ReviewerProfile(
            person_id=person_id,
            languages=list(languages),
            regions=[],
            themes=[],
            has_reviewed_before=False,
            updated_at=now,
        ),
        lambda: profile_of(person_id),
    )
