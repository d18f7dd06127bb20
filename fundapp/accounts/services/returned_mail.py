"""Mail that does not arrive: known of a person until a mail does, or the address is another."""

from datetime import datetime

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import system_actor
from fundapp.core import logs
from fundapp.core.audit import record
from fundapp.core.bounces import Bounce
from fundapp.core.db import db
from fundapp.core.mail import MailMessage


def note_returned_mail(message: MailMessage, now: datetime) -> bool:
    """Note that a mail did not reach the person it was for; return whether that says anything of their present address.

    Who looks after their application sees it, and they themselves at their next visit.
    """
    message.returned_at = message.returned_at or now
    person = db.session.get(Person, message.recipient_id) if message.recipient_id else None
    if person is None or not person.email or person.email != message.to_address:
        return False
    if person.mail_returned_at is None:
        person.mail_returned_at = now
        db.session.flush()
        record(actor=system_actor(), action="mail:returned", subject=person, now=now)
    return True


def take_bounce(bounce: Bounce, now: datetime) -> bool:
    """Note a bounce of a mail of ours; return whether that is still known. Nothing about anybody is logged."""
    message = db.session.get(MailMessage, bounce.message_id)
    if message is None:
        return False
    note_returned_mail(message, now)
    logs.write("mail_returned", mail=message.id, status=bounce.status)
    return True


def mail_arrived(person: Person) -> None:
    """Forget that mail did not arrive: somebody opened a link that was mailed there."""
    person.mail_returned_at = None
