"""Who reads for a funder: invited, and ended, by those who look after all of its funds."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.links import send_link
from fundapp.accounts.services.people import ensure_person, tell
from fundapp.applications.models import Call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import NotAllowed
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Fund, Funder, FunderPerson
from fundapp.disbursement.queries.funds import funders_for
from fundapp.disbursement.services.funds import require_change

HOME_PATH = "/home"


def may_invite_for(actor: Actor, funder: Funder) -> bool:
    """Say whether the actor looks after all funds of a funder: whoever reads for it reads of all of them."""
    return funder.id in {each.id for each in funders_for(actor)}


def invite_of_funder(
    *, actor: Actor, call: Call, fund: Fund, email: str, name: str, language: str, secret_key: str, now: datetime
) -> FunderPerson:
    """Let somebody read what becomes of a funder's money, and mail them; who does already is left as they are.

    Raises RuleViolations for a bad address, NotAllowed.
    """
    _require(actor, fund)
    funder = fund.funder
    lock_row(funder)
    person = ensure_person(email=email, name=name, language=language, now=now)
    known = db.session.scalar(
        select(FunderPerson).where(
            FunderPerson.funder_id == funder.id,
            FunderPerson.person_id == person.id,
            FunderPerson.ended_at.is_(None),
        )
    )
    if known is not None:
        return known
    invited = FunderPerson(funder_id=funder.id, person_id=person.id, invited_by_id=actor.person_id, invited_at=now)
    db.session.add(invited)
    db.session.flush()
    record(actor=actor, action="funder_person:invite", subject=invited, now=now, call_id=call.id)
    _tell(person, secret_key, now)
    return invited


def end_of_funder(*, actor: Actor, call: Call, fund: Fund, reader: FunderPerson, now: datetime) -> None:
    """Let somebody read for a funder no more, from their next click on. Raises NotAllowed."""
    _require(actor, fund)
    lock_row(reader)
    if reader.ended_at is not None:
        return
    reader.ended_at, reader.ended_by_id = now, actor.person_id
    record(actor=actor, action="funder_person:end", subject=reader, now=now, call_id=call.id)
    db.session.flush()


def _require(actor: Actor, fund: Fund) -> None:
    require_change(actor, fund)
    if not may_invite_for(actor, fund.funder):
        message = _l("This funder is behind calls whose money you do not look after.")
        raise NotAllowed(P.FUND_WRITE, message)


def _tell(person: Person, secret_key: str, now: datetime) -> None:
    if person.password_hash is None and person.is_active:
        send_link(person=person, purpose=LinkPurpose.SET_PASSWORD, secret_key=secret_key, now=now)
    else:
        tell(person, template="news", path=HOME_PATH, now=now)
