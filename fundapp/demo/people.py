"""The sample's people: who runs the round, who ratifies it, who reads. All of them are invented."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from fundapp.accounts import services as accounts
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.core.tables import read_table
from fundapp.review.invitations import Invitation, read_invitations

MANAGER_EMAIL: Final = "manager@fund.example"
RATIFIER_EMAIL: Final = "ratifier@fund.example"
_REVIEWERS: Final = Path(__file__).with_name("reviewers.csv")


@dataclass(frozen=True)
class Staff:
    """The two people without whom no round can end: whoever decides cannot ratify."""

    manager: Person
    ratifier: Person


def ensure_staff(now: datetime) -> Staff:
    """Return the sample's manager and ratifier, made known if they are not."""
    return Staff(
        manager=_ensure(MANAGER_EMAIL, "Mira Sample", Role.MANAGER, now),
        ratifier=_ensure(RATIFIER_EMAIL, "Ramón Sample", Role.RATIFIER, now),
    )


def sample_invitations() -> list[Invitation]:
    """Return the sample's reviewers, read from a table as a manager would upload it."""
    return read_invitations(read_table(_REVIEWERS.read_bytes(), _REVIEWERS.name))


def _ensure(email: str, name: str, role: Role, now: datetime) -> Person:
    person = accounts.ensure_person(email=email, name=name, now=now)
    accounts.grant_role(actor=system_actor(), person=person, role=role, now=now)
    return person
