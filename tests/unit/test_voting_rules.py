"""When the chairs of a panel approve a row: counting, on paper."""

from itertools import product

import pytest

from fundapp.review.rules import MAX_REASON_CHARACTERS
from fundapp.review.voting_rules import Count, Proposal, VoteChoice, VoteStanding, count, standing, vote_problems

AWARD = Proposal("award", 1_200_000)


@pytest.mark.parametrize(
    ("votes", "is_approved"),
    [
        ("", False),
        ("+", True),
        ("-", False),
        ("o", False),
        ("+-", False),
        ("++-", True),
        ("+--", False),
        ("+oooo", True),
        ("+-oooo", False),
        ("ooo", False),
    ],
)
def test_more_for_than_against_approves_and_abstaining_counts_for_neither(votes: str, is_approved: bool) -> None:
    choices = {"+": VoteChoice.FOR, "-": VoteChoice.AGAINST, "o": VoteChoice.ABSTAIN}
    assert count(choices[each] for each in votes).is_approved is is_approved


def test_another_vote_for_never_takes_an_approval_away_and_one_against_never_gives_it() -> None:
    for in_favour, against, abstained in product(range(4), repeat=3):
        before = Count(in_favour, against, abstained).is_approved
        assert Count(in_favour + 1, against, abstained).is_approved >= before
        assert Count(in_favour, against + 1, abstained).is_approved <= before
        assert Count(in_favour, against, abstained + 1).is_approved == before


def test_a_vote_counts_only_for_what_is_proposed_now() -> None:
    def of(now: Proposal | None, *, is_chair: bool = True, in_conflict: bool = False) -> VoteStanding:
        return standing(about=AWARD, now=now, is_chair=is_chair, in_conflict=in_conflict)

    assert of(AWARD) is VoteStanding.COUNTS
    assert of(Proposal("award", 1_100_000)) is VoteStanding.EARLIER_PROPOSAL
    assert of(Proposal("decline", 0)) is of(None) is VoteStanding.EARLIER_PROPOSAL
    assert of(AWARD, is_chair=False) is VoteStanding.NO_CHAIR
    assert of(AWARD, in_conflict=True) is of(AWARD, is_chair=False, in_conflict=True) is VoteStanding.CONFLICT


@pytest.mark.parametrize("text", ["", "award", "award:", ":5", "award:-1", "award:1.5", "award:٣", "award:" + "9" * 19])
def test_what_no_form_of_ours_carries_is_no_proposal(text: str) -> None:
    assert Proposal.parse(text) is None
    assert Proposal.parse(str(AWARD)) == AWARD


def test_a_vote_against_says_why_and_no_reason_is_endless() -> None:
    assert [problem.field for problem in vote_problems(VoteChoice.AGAINST, " ")] == ["reason"]
    assert vote_problems(VoteChoice.FOR, "") == vote_problems(VoteChoice.ABSTAIN, "") == []
    assert vote_problems(VoteChoice.FOR, "x" * (MAX_REASON_CHARACTERS + 1))
