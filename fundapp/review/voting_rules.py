"""How the chairs of a panel approve a row of the list: what a vote is about, which votes count, what they come to.

The rule: a row is approved with more votes for it than against it. Only votes on what is proposed now count, and only
those of people who are chairs of the call and have no conflict of interest with the application. Whoever abstains is
named and counts for neither side; so equal numbers, and no vote at all, do not approve.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.rules import reason_problems


class VoteChoice(StrEnum):
    """What a chair says to a row."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class VoteStanding(StrEnum):
    """Whether a vote counts, and if not, why."""

    COUNTS = "counts"
    EARLIER_PROPOSAL = "earlier"
    """The outcome or the amount was changed since."""
    CONFLICT = "conflict"
    """A conflict of interest with the application came up since."""
    NO_CHAIR = "no_chair"
    """Whoever gave it is no chair of the call any more."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is voted on: an outcome by its name and an amount in minor units of the call's currency (0 for none)."""

    outcome: str
    amount_minor: int

    def __str__(self) -> str:
        """Return it as a form carries it: "award:1200000"."""
        return f"{self.outcome}:{self.amount_minor}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; None for anything else."""
        outcome, _colon, amount = text.partition(":")
        is_number = amount.isascii() and amount.isdigit() and len(amount) < 19
        return cls(outcome, int(amount)) if outcome and is_number else None


@dataclass(frozen=True, slots=True)
class Count:
    """How many votes that count a row has."""

    in_favour: int = 0
    against: int = 0
    abstained: int = 0

    @property
    def is_approved(self) -> bool:
        """Say whether the chairs approved the row; equal numbers do not."""
        return self.in_favour > self.against


def standing(*, about: Proposal, now: Proposal | None, is_chair: bool, in_conflict: bool) -> VoteStanding:
    """Return whether a vote on `about` counts for what is proposed now (None: nothing is)."""
    if in_conflict:
        return VoteStanding.CONFLICT
    if not is_chair:
        return VoteStanding.NO_CHAIR
    return VoteStanding.COUNTS if about == now else VoteStanding.EARLIER_PROPOSAL


def count(choices: Iterable[VoteChoice]) -> Count:
    """Count the votes that count."""
    found = Counter(choices)
    return Count(found[VoteChoice.FOR], found[VoteChoice.AGAINST], found[VoteChoice.ABSTAIN])


def vote_problems(choice: VoteChoice, reason: str) -> list[Problem]:
    """Say what is wrong with a vote: one against the row says why."""
    if choice is VoteChoice.AGAINST and not reason.strip():
        return [Problem(_l("Say why you vote against it."), field="reason")]
    return reason_problems(reason)
