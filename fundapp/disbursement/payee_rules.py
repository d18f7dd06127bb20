"""Rules of payee details: whether money may go where they say, and who may do what about them; no database, no web."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

LINK_LIFE: Final = timedelta(days=30)
"""How long the link in the mail about new details stops them."""
OLD_ADDRESSES_FOR: Final = timedelta(days=90)
"""An address that was given up within this time is written to as well: a thief may have changed it."""


class Route(StrEnum):
    """How money reaches the people of an award."""

    BANK = "bank"
    HOST = "host"
    """An organisation that holds money for them."""
    AGREED = "agreed"
    """Another way, agreed by hand."""


class CallOutcome(StrEnum):
    """What came of a call-back."""

    CONFIRMED = "confirmed"
    UNREACHED = "unreached"
    DENIED = "denied"
    """They know nothing of it: the details are frozen at once."""


class Known(StrEnum):
    """Where the number of a call-back was known from."""

    APPLICATION = "application"
    """The application, as it was sent."""
    ELSEWHERE = "elsewhere"
    """Papers or an address book of our own."""


class Hint(StrEnum):
    """What a person has to look at before details are used; none of it refuses anything by itself."""

    OTHER_NAME = "other_name"
    """The account is not in the name of the organisation."""
    OTHER_CURRENCY = "other_currency"
    """The account is not in the currency of the award."""
    UNCHECKED = "unchecked"
    """No rule of ours can tell whether the number is right."""


class Hold(StrEnum):
    """Why no money may go, in the order in which people would mend it."""

    ERASED = "erased"
    NOT_ACCEPTED = "not_accepted"
    NO_DETAILS = "no_details"
    FROZEN = "frozen"
    UNCALLED = "uncalled"
    UNAPPROVED = "unapproved"
    COOLING = "cooling"


@dataclass(frozen=True)
class PayeeFacts:
    """What is known of an award and of the newest version of its payee details; older versions never count."""

    is_accepted: bool
    has_details: bool = False
    is_frozen: bool = False
    is_confirmed: bool = False
    """A call-back confirmed this version."""
    is_approved: bool = False
    usable_from: datetime | None = None
    is_erased: bool = False


def holds_of(facts: PayeeFacts, now: datetime) -> list[Hold]:
    """Return everything that keeps money from going now; nothing: it may go."""
    if facts.is_erased:
        return [Hold.ERASED]
    found = {Hold.NOT_ACCEPTED: not facts.is_accepted, Hold.FROZEN: facts.is_frozen}
    if not facts.has_details:
        found[Hold.NO_DETAILS] = True
    else:
        found |= {
            Hold.UNCALLED: not facts.is_confirmed,
            Hold.UNAPPROVED: not facts.is_approved,
            Hold.COOLING: facts.usable_from is None or now < facts.usable_from,
        }
    return [hold for hold in Hold if found.get(hold)]


def usable_from(entered_at: datetime, number: int, cooling: timedelta) -> datetime:
    """Return from when a version may be used: the first at once, each later one after the cooling-off time."""
    return entered_at if number == 1 else entered_at + cooling


def may_approve(person: UUID, *, entered_by: UUID | None, called_by: Collection[UUID]) -> bool:
    """Say whether a person may approve a version: another than who typed it in, and than who called about it."""
    return person != entered_by and person not in called_by
