"""Questions to a person of the fund, from those whom a call's rules stop; and letting somebody in all the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.rules import checked_email
from fundapp.accounts.secrets import link_token, token_hash
from fundapp.accounts.services.people import write_to_address
from fundapp.applications.models import Application, Call, Enquiry, EnquiryCause
from fundapp.applications.services.protection import checked_reason
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_CHARACTERS: Final = 2000


def ask_person(
    *,
    call: Call,
    cause: EnquiryCause,
    questions: Sequence[str],
    text: str,
    email: str,
    language: str,
    secret_key: str,
    now: datetime,
    application: Application | None = None,
) -> tuple[Enquiry, str]:
    """Put a question to those who look after a call; return it with the token of its private link.

    Who asks is recorded nowhere but in what they write. Nothing is mailed now: an address that somebody typed for
    somebody else gets no mail before a person has answered. Raises RuleViolations for no text, too much of it, or
    something that is no address.
    """
    text = _checked(text, field="text")
    address = checked_email(email) if email.strip() else ""
    enquiry_id = uuid4()
    token = link_token(secret_key, enquiry_id)
    enquiry = Enquiry(
        id=enquiry_id,
        call_id=call.id,
        cause=cause,
        questions=list(questions),
        text=text,
        email=address,
        language=language,
        token_hash=token_hash(token),
        asked_at=now,
        application_id=application.id if application else None,
    )
    db.session.add(enquiry)
    db.session.flush()
    record(actor=system_actor(), action="enquiry:ask", subject=enquiry, now=now, call_id=call.id)
    return enquiry, token


def answer_enquiry(*, actor: Actor, enquiry: Enquiry, answer: str, let_in: bool, reason: str, now: datetime) -> None:
    """Answer a question; with `let_in`, whoever asked may apply although a rule speaks against it, for a reason that
    is kept. An answer can be put right, and letting in cannot be taken back.

    Raises RuleViolations without an answer, or to let in without a reason; NotAllowed.
    """
    actor.require(P.APPLICANT_INVITE, enquiry.call_id)
    answer = _checked(answer, field="answer")
    if enquiry.let_in_at is not None and let_in:
        let_in = False
    if let_in:
        enquiry.let_in_reason = checked_reason(reason)
        enquiry.let_in_at, enquiry.let_in_by_id = now, actor.person_id
    enquiry.answer = answer
    enquiry.answered_at, enquiry.answered_by_id = now, actor.person_id
    record(actor=actor, action="enquiry:answer", subject=enquiry, now=now, call_id=enquiry.call_id)
    if let_in:
        record(actor=actor, action="enquiry:let_in", subject=enquiry, now=now, call_id=enquiry.call_id)
    db.session.flush()
    if enquiry.email:
        write_to_address(
            enquiry.email, template="answered", data={"link_id": str(enquiry.id)}, now=now, language=enquiry.language
        )


def _checked(text: str, *, field: str) -> str:
    text = text.strip()
    if not text:
        raise RuleViolations([Problem(_l("Write a few words."), field=field)])
    if len(text) > MAX_CHARACTERS:
        message = _l("Use at most %(count)s characters.", count=MAX_CHARACTERS)
        raise RuleViolations([Problem(message, field=field)])
    return text
