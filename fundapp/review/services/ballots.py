"""The public votes: a choice with an address, a mailed link, and one click that counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.permissions import system_actor
from fundapp.accounts.rules import checked_email, mail_domain
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.applications.rules import Opening
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.mail import forget_mails, queue_mail
from fundapp.core.sealing import current_keys
from fundapp.review.models import Ballot, PublicVote, VoteRequest
from fundapp.review.queries.public_vote import on_the_ballot
from fundapp.review.queries.ranking import category_code
from fundapp.review.queries.vote_count import opening_of
from fundapp.review.vote_rules import LINK_LASTS, MOST_REQUESTS, fold_voter, is_throwaway, shape_of

MAIL_TEMPLATE: Final = "confirm_vote"


@dataclass(frozen=True)
class Confirmed:
    """What a click on a link did, by category: votes that count now, and those that had been given before."""

    counted: int
    known: int


def ask_to_vote(
    *,
    vote: PublicVote,
    chosen: Collection[UUID],
    email: str,
    network: str,
    language: str,
    may_mail: bool,
    secret_key: str,
    now: datetime,
) -> None:
    """Take a choice of finalists, at most one of each category, and mail a link that confirms it.

    Whether an address has voted before, or gets no more mail for now (`may_mail`, and three links that are open),
    changes nothing that whoever asks can see. Raises Conflict outside the time of the vote, RuleViolations for no
    choice, two in one category, or something that is no address.
    """
    _require_open(vote, now)
    shown = {each.finalist.id: category_code(each.entry) for each in on_the_ballot(vote)}
    categories = [shown[each] for each in chosen if each in shown]
    if not categories or len(categories) != len(chosen) or len(set(categories)) != len(categories):
        raise RuleViolations([Problem(_l("Choose one finalist, or one of each category."))])
    address = checked_email(email)
    voter = _key(vote, "voter", fold_voter(address))
    waiting = select(func.count(VoteRequest.id)).where(
        VoteRequest.vote_id == vote.id, VoteRequest.voter_key == voter, VoteRequest.expires_at > now
    )
    if not may_mail or db.session.scalars(waiting).one() >= MOST_REQUESTS:
        return
    request_id = uuid4()
    shape = shape_of(address)
    mail = queue_mail(
        to_address=address, language=language, template=MAIL_TEMPLATE, data={"link_id": str(request_id)}, now=now
    )
    db.session.add(
        VoteRequest(
            id=request_id,
            vote_id=vote.id,
            choices=sorted(str(each) for each in chosen),
            token_hash=token_hash(link_token(secret_key, request_id)),
            mail_id=mail.id,
            voter_key=voter,
            network_key=_key(vote, "network", network),
            domain_key=_key(vote, "domain", mail_domain(address)) if domain_key(address) else None,
            shape_key=_key(vote, "shape", shape) if shape else None,
            is_throwaway=is_throwaway(address),
            asked_at=now,
            expires_at=min(now + LINK_LASTS, vote.closes_at),
        )
    )
    db.session.flush()


def confirm_vote(*, request: VoteRequest, now: datetime) -> Confirmed:
    """Let a choice count: in each category the first one of an address, and no later one.

    The link is spent, and the address goes with its mail. Raises NotFound for a link that was used meanwhile, Conflict
    once it is too old or the vote has closed.
    """
    vote = db.session.scalars(
        select(PublicVote)
        .where(PublicVote.id == request.vote_id)
        .with_for_update()  # one after the other: an address that clicks twice at once has one vote
        .execution_options(populate_existing=True)
    ).one()
    waiting = db.session.scalar(
        select(VoteRequest).where(VoteRequest.id == request.id).execution_options(populate_existing=True)
    )
    if waiting is None:
        raise NotFound
    _require_open(vote, now)
    if waiting.expires_at <= now:
        raise Conflict(_l("This link is too old. Choose again, and we send you a new one."))
    shown = {str(each.finalist.id): category_code(each.entry) for each in on_the_ballot(vote)}
    given = select(Ballot.category_code).where(Ballot.vote_id == vote.id, Ballot.voter_key == waiting.voter_key)
    known = set(db.session.scalars(given))
    new = [finalist for finalist in waiting.choices if finalist in shown and shown[finalist] not in known]
    before = [finalist for finalist in waiting.choices if finalist in shown and shown[finalist] in known]
    for finalist in new:
        _count(vote, waiting, UUID(finalist), shown[finalist], now)
    forget_mails([waiting.mail_id])
    db.session.delete(waiting)
    db.session.flush()
    return Confirmed(len(new), len(before))


def drop_requests(ids: Sequence[UUID], _now: datetime) -> None:
    """Delete votes that nobody confirmed, with the mails that hold their addresses."""
    found = db.session.scalars(select(VoteRequest).where(VoteRequest.id.in_(ids))).all()
    forget_mails([each.mail_id for each in found])
    for each in found:
        db.session.delete(each)
    db.session.flush()


def forget_voters(ids: Sequence[UUID], now: datetime) -> None:
    """Delete the keys of all votes of some public votes: what is left are numbers."""
    for vote in db.session.scalars(select(PublicVote).where(PublicVote.id.in_(ids))).all():
        record(actor=system_actor(), action="ballots:forget", subject=vote, now=now, call_id=vote.call_id)
        db.session.execute(
            update(Ballot)
            .where(Ballot.vote_id == vote.id)
            .values(voter_key=None, network_key=None, domain_key=None, shape_key=None)
            .execution_options(synchronize_session=False)
        )
    db.session.expire_all()


def _count(vote: PublicVote, request: VoteRequest, finalist_id: UUID, category: str, now: datetime) -> None:
    ballot = Ballot(
        vote_id=vote.id,
        category_code=category,
        finalist_id=finalist_id,
        confirmed_at=now.replace(second=0, microsecond=0),
        voter_key=request.voter_key,
        network_key=request.network_key,
        domain_key=request.domain_key,
        shape_key=request.shape_key,
        is_throwaway=request.is_throwaway,
    )
    db.session.add(ballot)
    db.session.flush()
    record(actor=system_actor(), action="ballot:confirm", subject=ballot, now=now, call_id=vote.call_id)


def _require_open(vote: PublicVote, now: datetime) -> None:
    match opening_of(vote, now):
        case Opening.NOT_YET:
            raise Conflict(_l("The vote has not begun yet."))
        case Opening.CLOSED:
            raise Conflict(_l("The vote is closed."))


def _key(vote: PublicVote, what: str, value: str) -> str:
    """Return the keyed hash of something in one vote: of another vote it is another, so that nothing joins them."""
    return current_keys().index(f"public-vote.{what}.{vote.id}", value, number=vote.key_number)
