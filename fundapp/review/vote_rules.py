"""Rules of a public vote: who is one person, whom the votes choose, and what looks odd. No database, no web."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

LINK_LASTS: Final = timedelta(hours=48)
MOST_REQUESTS: Final = 3
"""Links that one address can have open in one vote; who asks for more gets no further mail."""
BURST_AT_LEAST: Final = 10
BURST_TIMES: Final = 5
"""A minute is a burst when it has this many times as many votes as a usual minute with any."""
NETWORK_AT_LEAST: Final = 10
DOMAIN_AT_LEAST: Final = 10
SEQUENCE_AT_LEAST: Final = 5
THROWAWAY_AT_LEAST: Final = 3
THROWAWAY: Final = frozenset(
    {
        "10minutemail.com", "33mail.com", "anonaddy.me", "burnermail.io", "discard.email", "dispostable.com",
        "emailondeck.com", "fakeinbox.com", "fakemail.net", "getairmail.com", "getnada.com", "grr.la",
        "guerrillamail.com", "guerrillamail.net", "guerrillamail.org", "inboxkitten.com", "mail.tm", "mailcatch.com",
        "maildrop.cc", "mailinator.com", "mailnesia.com", "mailsac.com", "mintemail.com", "moakt.com", "mohmal.com",
        "mytemp.email", "sharklasers.com", "spamgourmet.com", "temp-mail.io", "temp-mail.org", "tempail.com",
        "tempmail.com", "throwawaymail.com", "trashmail.com", "yopmail.com", "yopmail.fr",
    }
)  # fmt: skip
"""Domains that give anybody an address for some minutes; there are more, so this is a hint and no proof."""
_NO_DOTS: Final = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_FIGURES: Final = re.compile(r"[0-9]+")


class VoteMode(StrEnum):
    """What a public vote is announced to do."""

    ADVISORY = "advisory"
    DECIDING = "deciding"


class PatternKind(StrEnum):
    """What looks odd in a group of votes."""

    BURST = "burst"
    NETWORK = "network"
    DOMAIN = "domain"
    THROWAWAY = "throwaway"
    SEQUENCE = "sequence"


@dataclass(frozen=True)
class Cast:
    """A confirmed vote as patterns see it: keys that tell equal from different, and "" where there is none."""

    id: str
    finalist: str
    minute: datetime
    network: str
    domain: str
    shape: str
    is_throwaway: bool


@dataclass(frozen=True)
class Pattern:
    """A group of votes that have something odd in common; each alone may be quite in order."""

    kind: PatternKind
    key: str
    casts: Sequence[Cast]

    @property
    def id(self) -> str:
        """Return the name under which a page speaks of the group."""
        return f"{self.kind.value}-{hashlib.sha256(self.key.encode()).hexdigest()[:16]}"

    @property
    def finalists(self) -> Mapping[str, int]:
        """Return how many votes of the group each finalist has."""
        return Counter(cast.finalist for cast in self.casts)


def fold_voter(address: str) -> str:
    """Return the form of a folded address under which it is one voter.

    What stands behind a plus goes, at every provider; dots go where it is known that they do not matter (Gmail).
    Somebody with several addresses is several voters: no rule about spelling can know better.
    """
    local, _at, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _NO_DOTS:
        local, domain = local.replace(".", ""), _NO_DOTS[domain]
    return f"{local}@{domain}"


def shape_of(address: str) -> str:
    """Return an address with every number in its first part as "#"; "" where there is none: it is in no sequence."""
    local, _at, domain = fold_voter(address).rpartition("@")
    shaped = _FIGURES.sub("#", local)
    return f"{shaped}@{domain}" if shaped != local else ""


def is_throwaway(address: str) -> bool:
    """Say whether an address is of a provider, known to us, that gives anybody one for some minutes."""
    return address.rpartition("@")[2] in THROWAWAY


def chosen_by_votes(votes: Mapping[str, int], places: int) -> frozenset[str]:
    """Return whom the votes choose for a number of places: all with fewer than that many ahead of them.

    Who ties for the last place is chosen too: then there are more than places, and people decide between them. Who has
    no vote is not chosen.
    """
    return frozenset(
        each for each, number in votes.items() if number and sum(other > number for other in votes.values()) < places
    )


def won_by_votes(votes: Mapping[str, int], places: int) -> frozenset[str]:
    """Return those whom the votes choose for a number of places without a tie: no more than that stand as high."""
    return frozenset(
        each for each, number in votes.items() if number and sum(other >= number for other in votes.values()) <= places
    )


def terms_problems(opens_at: datetime, closes_at: datetime, now: datetime) -> list[Problem]:
    """Say what is wrong with the time of a vote."""
    problems = []
    if opens_at <= now:
        problems.append(
            Problem(_l("A vote opens in the future, so that everybody knows its rules before."), "opens_on")
        )
    if closes_at <= opens_at:
        problems.append(Problem(_l("A vote closes after it has opened."), field="closes_on"))
    return problems


def patterns(casts: Collection[Cast]) -> list[Pattern]:
    """Return the groups of votes that look odd, the largest of each kind first; a vote can be in several."""
    minutes = _grouped(casts, lambda cast: cast.minute.isoformat())
    usual = median(len(group) for group in minutes.values()) if minutes else 0
    found = [
        *_large(PatternKind.BURST, minutes, max(BURST_AT_LEAST, BURST_TIMES * usual)),
        *_large(PatternKind.NETWORK, _grouped(casts, lambda cast: cast.network), NETWORK_AT_LEAST),
        *_large(PatternKind.DOMAIN, _grouped(casts, lambda cast: cast.domain), DOMAIN_AT_LEAST),
        *_large(PatternKind.SEQUENCE, _grouped(casts, lambda cast: cast.shape), SEQUENCE_AT_LEAST),
    ]
    throwaway = [cast for cast in casts if cast.is_throwaway]
    if len(throwaway) >= THROWAWAY_AT_LEAST:
        found.append(Pattern(PatternKind.THROWAWAY, "all", throwaway))
    return found


def _grouped(casts: Iterable[Cast], key: Callable[[Cast], str]) -> dict[str, list[Cast]]:
    groups: dict[str, list[Cast]] = {}
    for cast in casts:
        if key(cast):
            groups.setdefault(key(cast), []).append(cast)
    return groups


def _large(kind: PatternKind, groups: Mapping[str, Sequence[Cast]], least: float) -> list[Pattern]:
    large = [Pattern(kind, key, group) for key, group in groups.items() if len(group) >= least]
    return sorted(large, key=lambda pattern: (-len(pattern.casts), pattern.key))
