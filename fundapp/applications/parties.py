"""Who stands behind an application: keys of everybody whom its answers and nominations name, kept for conflicts."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import regex
from sqlalchemy import inspect, select

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.models import Person
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.definition import FormDefinition, Party, Role
from fundapp.applications.models import Application, CallInvitation, Nomination, PartyFact, PartyFactKind
from fundapp.core.db import db

MAX_NAMES: Final = 100
"""How many names of one answer count: the first ones."""
_BETWEEN: Final = regex.compile(r"[,;\n،؛、]")
_ADDRESS: Final = regex.compile(r"[^\s<>(),;:]+@[^\s<>(),;:]+")


class Named(NamedTuple):
    """One key of one party."""

    party: Party
    kind: PartyFactKind
    key: str


def note_parties(application: Application, form: FormDefinition, answers: Mapping[str, Answer]) -> None:
    """Bring the keys of those behind an application in line with its clear answers and with its nominations."""
    wanted = {*named_in(form, answers), *_nominators(application)}
    present = {Named(each.party, each.kind, each.key): each for each in application.party_facts}
    for named in present.keys() - wanted:
        application.party_facts.remove(present[named])
    for named in sorted(wanted - present.keys()):
        application.party_facts.append(PartyFact(party=named.party, kind=named.kind, key=named.key))


def named_in(form: FormDefinition, answers: Mapping[str, Answer]) -> Iterator[Named]:
    """Yield the keys of everybody whom clear answers name, as far as the form says who that is."""
    for key, answer in answers.items():
        question = form.question_at(key)
        if question is None or not isinstance(answer, str):
            continue
        if question.role in (Role.CONTACT_NAME, Role.EMAIL):
            yield from _keys(Party.APPLICANT, answer)
        if question.party is not None:
            yield from _keys(question.party, answer)


def _nominators(application: Application) -> Iterator[Named]:
    """Yield the keys of those who made the nominations that an application came from."""
    if not inspect(application).has_identity:  # it is begun just now: its invitation is used a little later
        return
    nominations = db.session.scalars(
        select(Nomination)
        .join(CallInvitation, CallInvitation.nominee_id == Nomination.nominee_id)
        .where(CallInvitation.application_id == application.id)
    )
    for nomination in nominations:
        yield from _keys(Party.NOMINATOR, nomination.nominator_name)
        yield from _keys(Party.NOMINATOR, nomination.nominator_contact)


def _keys(party: Party, text: str) -> Iterator[Named]:
    """Yield the keys of what a text names: a name may be an organisation's or a person's, so it counts as both."""
    for address in _ADDRESS.findall(text)[:MAX_NAMES]:
        yield from _some(party, PartyFactKind.ADDRESS, Person.email.blind_index(address))
        yield from _some(party, PartyFactKind.DOMAIN, domain_key(address))
    lines = [line for line in text.splitlines() if "@" not in line]
    pieces = [piece for line in lines for piece in _BETWEEN.split(line)]
    for name in dict.fromkeys(each.strip() for each in [*lines, *pieces][:MAX_NAMES]):
        yield from _some(party, PartyFactKind.ORGANISATION, organisation_key(name))
        yield from _some(party, PartyFactKind.PERSON, Person.name.blind_index(name))


def _some(party: Party, kind: PartyFactKind, key: str | None) -> Iterator[Named]:
    if key:
        yield Named(party, kind, key)
