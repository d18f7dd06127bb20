"""What people say they are tied to; conflicts of interest follow from it at once."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.models import Person, Tie, TieKind
from fundapp.accounts.permissions import Actor
from fundapp.accounts.rules import mail_domain as domain_in
from fundapp.accounts.services.organisations import organisation_key
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_NAME_CHARACTERS: Final = 200


def declare_tie(
    *,
    actor: Actor,
    person: Person,
    kind: TieKind,
    organisation: str,
    now: datetime,
    mail_domain: str = "",
    until_on: date | None = None,
) -> Tie:
    """Note what a person is tied to; the same kind of tie to the same organisation again changes the one there.

    It counts up to and with `until_on`, by UTC. Raises RuleViolations for a name that is missing or too long, and for
    what is no mail domain.
    """
    problems = []
    name = organisation.strip()
    if not organisation_key(name):
        problems.append(Problem(_l("Enter the name of the organisation."), field="organisation"))
    elif len(name) > MAX_NAME_CHARACTERS:
        message = _l("Use at most %(count)s characters.", count=MAX_NAME_CHARACTERS)
        problems.append(Problem(message, field="organisation"))
    domain = domain_in(mail_domain)
    if mail_domain.strip() and (not domain or len(domain) > MAX_NAME_CHARACTERS):
        message = _l("Enter what stands after the @ in its addresses, such as example.org.")
        problems.append(Problem(message, field="mail_domain"))
    if problems:
        raise RuleViolations(problems)
    key = organisation_key(name)
    tie = db.session.scalar(
        select(Tie).where(Tie.person_id == person.id, Tie.organisation_key == key, Tie.kind == kind)
    )
    if tie is None:
        tie = Tie(person_id=person.id, kind=kind, organisation_key=key)
        db.session.add(tie)
    tie.organisation, tie.mail_domain, tie.domain_key = name, domain, domain_key(domain)
    tie.until_on, tie.declared_at = until_on, now
    db.session.flush()
    record(actor=actor, action="tie:declare", subject=tie, now=now, data={"person": str(person.id), "kind": kind.value})
    return tie


def end_tie(*, actor: Actor, tie: Tie, now: datetime) -> None:
    """Forget a tie: from now on it keeps the person from nothing."""
    record(actor=actor, action="tie:end", subject=tie, now=now, data={"person": str(tie.person_id)})
    db.session.delete(tie)
    db.session.flush()
