"""Change the address of a person: the new mailbox confirms, and the old one can undo it for three days."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import or_, select, update

from fundapp.accounts import queries
from fundapp.accounts.models import AddressChange, LinkPurpose, OneTimeLink, Person
from fundapp.accounts.permissions import Actor
from fundapp.accounts.rules import checked_email
from fundapp.accounts.services.link_spending import spend
from fundapp.accounts.services.links import end_links, send_link
from fundapp.accounts.services.notices import SECURITY_PATH
from fundapp.accounts.services.people import tell, write_to_address
from fundapp.accounts.services.returned_mail import mail_arrived
from fundapp.accounts.services.sessions import end_all_sessions
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


def request_change(*, actor: Actor, person: Person, email: str, secret_key: str, now: datetime) -> None:
    """Mail a new address a link that confirms it; an address that belongs to another account reads so by mail. The
    present one is told in either case.

    Whoever asks learns nothing of other accounts. Raises RuleViolations for no address, or the present one.
    """
    address = checked_email(email)
    if address == person.email:
        raise RuleViolations([Problem(_l("This is your address already."), field="email")])
    tell(person, template="address_asked", path=SECURITY_PATH, now=now)
    if queries.person_by_email(address) is not None:
        write_to_address(address, template="address_taken", data={}, now=now, language=person.language)
        return
    link = send_link(
        person=person, purpose=LinkPurpose.CONFIRM_ADDRESS, secret_key=secret_key, now=now, address=address
    )
    db.session.flush()
    change = AddressChange(
        id=uuid4(),
        person_id=person.id,
        old_address=person.email,
        new_address=address,
        confirm_link_id=link.id,
        requested_at=now,
    )
    db.session.add(change)
    db.session.flush()
    record(actor=actor, action="address:request", subject=change, now=now)


def change_of(link: OneTimeLink) -> AddressChange:
    """Return what a link confirms or undoes. Raises NotFound for a link of another kind."""
    change = db.session.scalar(
        select(AddressChange).where(
            or_(AddressChange.confirm_link_id == link.id, AddressChange.revert_link_id == link.id)
        )
    )
    if change is None:
        raise NotFound
    return change


def confirm_change(*, link: OneTimeLink, secret_key: str, now: datetime) -> None:
    """Let mail go to the new address; the old one is told, with a link that undoes it for 72 hours.

    Raises Conflict when the link was spent, the present address is no longer the one that was to change, or the new one
    was taken by another account meanwhile.
    """
    change = change_of(link)
    person = change.person
    spend(link, now)
    if person.email != change.old_address:
        raise Conflict(_l("This link was used already, or it is too old. Ask for a new one."))
    if queries.person_by_email(change.new_address) is not None:
        raise Conflict(_l("This address belongs to another account by now."))
    person.email = change.new_address
    mail_arrived(person)
    change.confirmed_at = now
    end_links(person, now)
    if change.old_address:
        undo = send_link(
            person=person,
            purpose=LinkPurpose.REVERT_ADDRESS,
            secret_key=secret_key,
            now=now,
            address=change.old_address,
        )
        db.session.flush()
        change.revert_link_id = undo.id
    _record("address:change", change, now)


def revert_change(*, link: OneTimeLink, now: datetime) -> None:
    """Give a person their old address back, and end every session and link: whoever changed it is out. Links that undo
    later changes end too: they would lead back to an address of whoever made those.

    An account that was made with the old address meanwhile loses it. Raises Conflict when the link was spent.
    """
    change = change_of(link)
    spend(link, now)
    other = queries.person_by_email(change.old_address)
    if other is not None and other.id != change.person_id:
        other.email = ""
        record(actor=queries.actor_of(change.person), action="address:give_back", subject=other, now=now)
        db.session.flush()
    person = change.person
    person.email = change.old_address
    mail_arrived(person)
    change.reverted_at = now
    end_links(person, now)
    later = select(AddressChange.revert_link_id).where(
        AddressChange.person_id == person.id, AddressChange.confirmed_at > change.confirmed_at
    )
    db.session.execute(
        update(OneTimeLink).where(OneTimeLink.id.in_(later), OneTimeLink.used_at.is_(None)).values(used_at=now)
    )
    end_all_sessions(actor=queries.actor_of(person), person=person, now=now)
    _record("address:revert", change, now)


def _record(action: str, change: AddressChange, now: datetime) -> None:
    """Record on the change and on the person, both of which have changed."""
    actor = queries.actor_of(change.person)
    for subject in (change, change.person):
        record(actor=actor, action=action, subject=subject, now=now)
    db.session.flush()
