"""How the chairs of a call voted on the rows of its list, as far as somebody may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from fundapp.accounts.models import Person, RoleGrant
from fundapp.accounts.permissions import Actor, Role
from fundapp.accounts.queries import people_with_role
from fundapp.applications.models import Application, Call, Category, Entry
from fundapp.applications.queries.conflicts import pairs_in_conflict
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.review.models import ChairVote, Decision, Outcome, SelectionTerms, Slate, UnapprovedAward
from fundapp.review.voting_rules import Count, Proposal, VoteStanding, count, standing


@dataclass(frozen=True)
class Cast:
    """A vote, and whether it counts."""

    vote: ChairVote
    standing: VoteStanding

    @property
    def counts(self) -> bool:
        """Say whether it counts for what is proposed now."""
        return self.standing is VoteStanding.COUNTS


@dataclass(frozen=True)
class RowVotes:
    """A decided entry with the votes of the chairs, by name of the chair."""

    entry: Entry
    decision: Decision
    cast: Sequence[Cast]
    chairs: Sequence[Person]
    """Those who may vote on it."""
    recused: Sequence[Person]
    """Chairs with a conflict of interest: they may not."""
    without_approval: UnapprovedAward | None
    """Why it stays although the chairs did not approve it; None too where that was about another amount."""

    @property
    def proposal(self) -> Proposal:
        """Return what is voted on."""
        return proposal_of(self.decision)

    @property
    def count(self) -> Count:
        """Count the votes on what is proposed now."""
        return count(each.vote.choice for each in self.cast if each.counts)

    @property
    def silent(self) -> list[Person]:
        """Return the chairs who may vote and have not, on what is proposed now."""
        spoken = {each.vote.person_id for each in self.cast if each.counts}
        return [person for person in self.chairs if person.id not in spoken]

    @property
    def is_unapproved_award(self) -> bool:
        """Say whether it is an award that the chairs have not approved."""
        return self.decision.outcome is Outcome.AWARD and not self.count.is_approved

    @property
    def holds_up_the_list(self) -> bool:
        """Say whether the list cannot be sent because of it."""
        return self.is_unapproved_award and self.without_approval is None

    def of(self, person_id: UUID | None) -> Cast | None:
        """Return the vote of somebody on what is proposed now or was proposed earlier, or None."""
        return next((each for each in self.cast if each.vote.person_id == person_id), None)

    def has_voted(self, person_id: UUID | None) -> bool:
        """Say whether somebody voted on what is proposed now."""
        return any(each.counts for each in self.cast if each.vote.person_id == person_id)


def chairs_vote(call: Call) -> bool:
    """Say whether the chairs of a call vote on its list."""
    asked = select(SelectionTerms.chairs_vote).where(SelectionTerms.call_id == call.id)
    return bool(db.session.scalar(asked))


def proposal_of(decision: Decision) -> Proposal:
    """Return a pending decision as what chairs vote on."""
    return Proposal(decision.outcome.value, decision.amount_minor)


def votes_of(*, actor: Actor, call: Call) -> dict[UUID, RowVotes]:
    """Return the decided entries with their votes, by id and in order of reference, as the actor may see them.

    Nothing where the chairs of the call do not vote.
    """
    return _votes(call, visible_to(actor))


def whole_votes(*, call: Call) -> dict[UUID, RowVotes]:
    """Return the votes with nothing left out: for rules about the whole list, never for a page."""
    return _votes(call, true())


def _votes(call: Call, visible: ColumnElement[bool]) -> dict[UUID, RowVotes]:
    if not chairs_vote(call):
        return {}
    decisions = db.session.scalars(
        select(Decision)
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(Entry.category)
        .where(Slate.call_id == call.id, goes_to_reviewers(), visible)
        .options(
            contains_eager(Decision.entry).contains_eager(Entry.application),
            contains_eager(Decision.entry).contains_eager(Entry.category),
            joinedload(Decision.decided_by),
        )
        .order_by(Application.reference, Category.position)
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    ).all()
    chairs = people_with_role(Role.CHAIR, call.id)
    held_or_voted = or_(
        Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role == Role.CHAIR, RoleGrant.call_id == call.id)),
        Person.id.in_(select(ChairVote.person_id).join(ChairVote.entry).where(Entry.call_id == call.id)),
    )
    conflicts = pairs_in_conflict(call=call, people=select(Person.id).where(held_or_voted))
    cast = _by_entry(call, visible)
    kept = {
        each.entry_id: each
        for each in db.session.scalars(
            select(UnapprovedAward)
            .join(UnapprovedAward.entry)
            .where(Entry.call_id == call.id)
            .options(joinedload(UnapprovedAward.given_by))
            .execution_options(populate_existing=True)
        )
    }
    return {
        decision.entry_id: _row(
            decision, cast.get(decision.entry_id, ()), chairs, conflicts, kept.get(decision.entry_id)
        )
        for decision in decisions
    }


def _row(
    decision: Decision,
    votes: Iterable[ChairVote],
    chairs: Sequence[Person],
    conflicts: frozenset[tuple[UUID, UUID]],
    kept: UnapprovedAward | None,
) -> RowVotes:
    application_id = decision.entry.application_id
    ids = {person.id for person in chairs}
    cast = [
        Cast(
            vote,
            standing(
                about=vote.about,
                now=proposal_of(decision),
                is_chair=vote.person_id in ids,
                in_conflict=(application_id, vote.person_id) in conflicts,
            ),
        )
        for vote in votes
    ]
    is_about_now = kept is not None and decision.outcome is Outcome.AWARD and kept.amount_minor == decision.amount_minor
    return RowVotes(
        entry=decision.entry,
        decision=decision,
        cast=cast,
        chairs=[person for person in chairs if (application_id, person.id) not in conflicts],
        recused=[person for person in chairs if (application_id, person.id) in conflicts],
        without_approval=kept if is_about_now else None,
    )


def _by_entry(call: Call, visible: ColumnElement[bool]) -> dict[UUID, list[ChairVote]]:
    found: dict[UUID, list[ChairVote]] = {}
    votes = db.session.scalars(
        select(ChairVote)
        .join(ChairVote.entry)
        .join(Entry.application)
        .where(Entry.call_id == call.id, visible)
        .options(joinedload(ChairVote.person))
        .execution_options(populate_existing=True)
    )
    for vote in sorted(votes, key=lambda each: each.person.sort_key):
        found.setdefault(vote.entry_id, []).append(vote)
    return found
