"""A public vote: who waits to vote, what everybody reads of it after the release, and what looks odd in it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from fundapp.accounts.permissions import Actor
from fundapp.accounts.secrets import token_hash
from fundapp.applications.models import Entry
from fundapp.applications.rules import Opening
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.models import Ballot, Finalist, PublicVote, SetAsideVotes, Slate, SlateStatus, VoteRequest
from fundapp.review.queries.finalists import ShownFinalist, call_with_finalists, shown_finalists
from fundapp.review.queries.vote_count import counts, opening_of, vote_of, whole_result
from fundapp.review.vote_rules import Cast, Pattern, patterns


def vote_by_id(vote_id: UUID) -> PublicVote:
    """Return a public vote by its id."""
    return db.session.get_one(PublicVote, vote_id)


def announced_vote(slug: str) -> PublicVote:
    """Return the public vote of a call whose finalists are announced. Raises NotFound."""
    vote = vote_of(call_with_finalists(slug))
    if vote is None:
        raise NotFound
    return vote


def on_the_ballot(vote: PublicVote) -> list[ShownFinalist]:
    """Return for whom people can vote, by category and name: those finalists of whom everybody may read."""
    shown = shown_finalists(call=vote.call)
    return [each for each in shown if vote.category_id is None or each.entry.category_id == vote.category_id]


def request_by_token(token: str) -> VoteRequest:
    """Return the vote that waits for the click on a link. Raises NotFound once it was used, and for no such link."""
    found = db.session.scalar(
        select(VoteRequest).where(VoteRequest.token_hash == token_hash(token)).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def confirmed_ballots(*, actor: Actor, vote: PublicVote) -> int:
    """Return how many votes were confirmed, for finalists that the actor may see: all that is told of an open vote."""
    return db.session.scalars(
        select(func.count(Ballot.id))
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(Ballot.vote_id == vote.id, visible_to(actor))
    ).one()


def public_result(*, vote: PublicVote, now: datetime) -> Mapping[UUID, int]:
    """Return the votes that count, by finalist, as everybody reads them: of those who are shown, after the release."""
    released = select(Slate.id).where(Slate.call_id == vote.call_id, Slate.status == SlateStatus.RELEASED).limit(1)
    if opening_of(vote, now) is not Opening.CLOSED or db.session.scalar(released) is None:
        return {}
    shown = {each.finalist.id for each in on_the_ballot(vote)}
    rows = [row for each in whole_result(vote=vote, now=now) for row in each.rows]
    return {row.finalist.id: row.counted for row in rows if row.finalist.id in shown}


def odd_patterns(*, actor: Actor, vote: PublicVote, now: datetime) -> list[Pattern]:
    """Return what looks odd among the votes that count. Raises NotFound while the vote has not closed."""
    if opening_of(vote, now) is not Opening.CLOSED:
        raise NotFound
    ballots = db.session.scalars(
        select(Ballot)
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(Ballot.vote_id == vote.id, counts(), visible_to(actor))
        .order_by(Ballot.confirmed_at, Ballot.id)
    )
    return patterns([_cast(each) for each in ballots])


def set_aside_groups(*, actor: Actor, vote: PublicVote) -> list[tuple[SetAsideVotes, int]]:
    """Return the groups of votes that were left out of the count, also those that count again, the first one first.

    Each with how many of its votes the actor may know of; a group without any is left out.
    """
    rows = db.session.execute(
        select(SetAsideVotes, func.count(Ballot.id))
        .join(Ballot, Ballot.set_aside_id == SetAsideVotes.id)
        .join(Ballot.finalist)
        .join(Finalist.entry)
        .join(Entry.application)
        .where(SetAsideVotes.vote_id == vote.id, visible_to(actor))
        .group_by(SetAsideVotes.id)
        .options(selectinload(SetAsideVotes.set_by))
        .order_by(SetAsideVotes.set_at, SetAsideVotes.id)
    ).all()
    return [(group, number) for group, number in rows]


def _cast(ballot: Ballot) -> Cast:
    return Cast(
        id=str(ballot.id),
        finalist=str(ballot.finalist_id),
        minute=ballot.confirmed_at,
        network=ballot.network_key or "",
        domain=ballot.domain_key or "",
        shape=ballot.shape_key or "",
        is_throwaway=ballot.is_throwaway,
    )
