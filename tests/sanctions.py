"""Invented lists of sanctions for tests. Everything is flushed, nothing committed."""

from datetime import date, datetime
from typing import Final

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.disbursement.models import Award, SanctionList, Screening, ScreeningHit
from fundapp.disbursement.queries.screening import KEY, newest_lists
from fundapp.disbursement.sanction_lists import packed, read_ofac
from fundapp.disbursement.screening_rules import Outcome, Source, Subject
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


def consolidated(*names: str, day: str = "2020-09-10") -> bytes:
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
    day: date = date(2020, 9, 1),
    person: Person | None = None,
    at: datetime = NOW,
) -> SanctionList:
    """Hand a list in, as a finance officer of every call."""
    names = names or (LISTED, "SAMPLE TRADING AND SHIPPING CO., LTD.")
    file = sdn(*names) if source is Source.OFAC else consolidated(*names, day=day.isoformat())
    given = HandedIn(source, file, listed_on=day)
    return take_list(actor=actor_of(person or make_staff(Role.FINANCE)), given=given, now=at)


def keep_list(person: Person) -> SanctionList:
    """Return the list that everybody sees; a person without any role handed it in, where there is none yet."""
    if kept := newest_lists().get(Source.OFAC):
        return kept
    entries = read_ofac(sdn(LISTED)).entries
    kept = SanctionList(
        source=Source.OFAC, number=1, listed_on=date(2020, 9, 1), sha256="0" * 64, entries=len(entries),
        content=packed(entries), uploaded_by_id=person.id, uploaded_at=NOW,
    )  # fmt: skip
    db.session.add(kept)
    db.session.flush()
    record(actor=system_actor(), action="sanctions:take", subject=kept, now=NOW)
    return kept


def make_finding(award: Award, person: Person, text: str) -> ScreeningHit:
    """Say that a name of an award was looked up, and is like one on a list that everybody sees."""
    kept = keep_list(person)
    about = {"award_id": award.id, "application_id": award.decision.entry.application_id, "number": 1}
    made = Screening(ofac_list_id=kept.id, made_by_id=person.id, made_at=NOW, **about)
    hit = ScreeningHit(
        list_id=kept.id, subject=Subject.ORGANISATION, score=99, found_at=NOW, outcome=Outcome.OTHER,
        decided_by_id=person.id, decided_at=NOW, **about,
    )  # fmt: skip
    made.names = {Subject.ORGANISATION.value: text, KEY: award.decision.entry.application.organisation_key}
    hit.found, hit.reason = {"name": text, "uid": "1", "listed": text, "main": text, "about": text}, text
    db.session.add_all([made, hit])
    db.session.flush()
    return hit
