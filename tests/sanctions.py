"""Invented lists of sanctions for tests. Everything is flushed, nothing committed."""

from datetime import date, datetime
from typing import Final

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.disbursement.models import SanctionList
from fundapp.disbursement.screening_rules import Source
from fundapp.disbursement.services.screening import HandedIn, take_list

from .conftest import actor_of
from .factories import NOW, make_staff

LISTED: Final = "SAMPLENKO, Oleksandr Yuriyovych"
LIKE_IT: Final = "Oleksandr Samplenko"
"""A name that two people are asked about."""


def sdn(*names: str) -> bytes:
    """Return `sdn.csv` with these people, numbered from 1."""
    rows = [f'{number},"{name}",individual,"SAMPLIA"' + ",-0- " * 8 for number, name in enumerate(names, 1)]
    return ("\r\n".join(rows) + "\r\n\x1a").encode()


def consolidated(*names: str, day: str = "2026-11-20") -> bytes:
    """Return the list of the United Nations with these organisations, numbered from 1."""
    entities = "".join(
        f"<ENTITY><DATAID>{number}</DATAID><FIRST_NAME>{name}</FIRST_NAME></ENTITY>"
        for number, name in enumerate(names, 1)
    )
    return (
        f'<CONSOLIDATED_LIST dateGenerated="{day}T00:00:00Z"><ENTITIES>{entities}</ENTITIES></CONSOLIDATED_LIST>'
    ).encode()


def make_list(
    *names: str,
    source: Source = Source.OFAC,
    day: date = date(2026, 10, 1),
    person: Person | None = None,
    at: datetime = NOW,
) -> SanctionList:
    """Hand a list in, as a finance officer of every call."""
    names = names or (LISTED, "SAMPLE TRADING AND SHIPPING CO., LTD.")
    file = sdn(*names) if source is Source.OFAC else consolidated(*names, day=day.isoformat())
    given = HandedIn(source, file, listed_on=day)
    return take_list(actor=actor_of(person or make_staff(Role.FINANCE)), given=given, now=at)
