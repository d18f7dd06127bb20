"""Finalists and a public vote that has closed, for the rounds of the attacks."""

from datetime import timedelta

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.review.finalist_rules import Profile
from fundapp.review.models import (
    Ballot,
    Finalist,
    FinalistProfile,
    FinalistsAnnouncement,
    ProfileStatus,
    PublicVote,
    SetAsideVotes,
)
from fundapp.review.vote_rules import PatternKind, VoteMode

from ..factories import NOW


def make_vote(call: Call, entry: Entry, person: Person, text: str) -> PublicVote:
    """Announce an entry as the finalist of a call, with a public vote that has closed; its people agreed."""
    db.session.add(FinalistsAnnouncement(call_id=call.id, announced_by_id=person.id, announced_at=NOW))
    vote = PublicVote(
        call_id=call.id, mode=VoteMode.ADVISORY, opens_at=NOW - timedelta(days=3), closes_at=NOW - timedelta(days=1),
        key_number=1, set_by_id=person.id, set_at=NOW - timedelta(days=4),
    )  # fmt: skip
    db.session.add(vote)
    db.session.flush()
    make_finalist(vote, entry, person, text)
    return vote


def make_finalist(
    vote: PublicVote, entry: Entry, person: Person, text: str, status: ProfileStatus = ProfileStatus.AGREED
) -> Finalist:
    """Make an entry a finalist with a profile, votes that look odd, and two groups that were left out."""
    finalist = Finalist(call_id=vote.call_id, entry_id=entry.id, reason=text, named_by_id=person.id, named_at=NOW)
    answered = status is ProfileStatus.AGREED
    profile = FinalistProfile(
        application_id=entry.application_id, status=status, answered_at=NOW if answered else None,
        answered_by_id=entry.application.person_id if answered else None,
    )  # fmt: skip
    profile.said = Profile(text, text, {"en": text})
    groups = [
        SetAsideVotes(
            vote_id=vote.id, kind=PatternKind.DOMAIN, ballots=2, reason=text, set_by_id=person.id, set_at=NOW,
            ended_at=NOW if is_over else None, ended_by_id=person.id if is_over else None,
        )
        for is_over in (False, True)
    ]  # fmt: skip
    db.session.add_all([finalist, profile, *groups])
    db.session.flush()
    left_out = groups[0].id
    db.session.add_all(
        Ballot(
            vote_id=vote.id, category_code="", finalist_id=finalist.id,
            confirmed_at=NOW - timedelta(days=2, minutes=number), voter_key=f"{finalist.id}-{number}",
            network_key="one", is_throwaway=True, set_aside_id=left_out if number < 2 else None,
        )
        for number in range(14)
    )  # fmt: skip
    db.session.flush()
    return finalist
