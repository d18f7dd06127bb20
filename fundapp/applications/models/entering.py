"""What comes before an application: questions to a person, nominations, drafts that wait for their owner."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import regex
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Person
from fundapp.accounts.rules import fold_email, fold_organisation_name
from fundapp.applications.models.applications import Application
from fundapp.applications.models.calls import Call
from fundapp.core.db import Base, Identified, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text


def fold_contact(contact: str) -> str:
    """Return the form of an address or a telephone number under which two spellings of it are one."""
    if "@" in contact:
        return fold_email(contact)
    figures = regex.sub(r"[^0-9]", "", contact)
    return figures if len(figures) > 5 else fold_organisation_name(contact)


class EnquiryCause(StrEnum):
    """What stood in the way of whoever asks."""

    ELIGIBILITY = "eligibility"
    BARRED = "barred"
    INVITATION = "invitation"


class Enquiry(Identified, Base):
    """What somebody asks a person of the fund because the call's rules stop them. Who asks may be at risk."""

    __table_args__ = (
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_has_person"),
        CheckConstraint("(let_in_at IS NULL) = (let_in_by_id IS NULL)", name="let_in_has_person"),
        CheckConstraint("let_in_at IS NULL OR answered_at IS NOT NULL", name="let_in_is_answered"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    cause: Mapped[EnquiryCause] = mapped_column(enum_column(EnquiryCause))
    questions: Mapped[list[str]]
    """The names of the eligibility questions whose answers stood in the way."""
    text_sealed: Mapped[bytes | None]
    text = sealed_text("text_sealed", ring=Ring.IDENTITY)
    email_sealed: Mapped[bytes | None]
    email = sealed_text("email_sealed", ring=Ring.IDENTITY)
    """Where the answer is announced; "" for somebody who keeps the link."""
    language: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    """Of the private link under which the answer is read. It follows from the id and the installation's secret."""
    asked_at: Mapped[datetime]
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("application.id"), index=True)
    """The application that it was asked from, or that was begun with its link."""
    answer_sealed: Mapped[bytes | None]
    answer_version: Mapped[int] = mapped_column(default=0)
    answer = sealed_text("answer_sealed", ring=Ring.IDENTITY, version="answer_version")
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    let_in_reason_sealed: Mapped[bytes | None]
    let_in_reason = sealed_text("let_in_reason_sealed", ring=Ring.IDENTITY)
    """Why they may apply in spite of the rule; for the fund, not for whoever asked."""
    let_in_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    let_in_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship()
    application: Mapped[Application | None] = relationship()


class Nominee(Identified, Base):
    """A body that was nominated for a call, once or several times."""

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    created_at: Mapped[datetime]

    nominations: Mapped[list["Nomination"]] = relationship(back_populates="nominee", order_by="Nomination.made_at")


class Nomination(Identified, Base):
    """Somebody names a body that should apply. Who did so stays with those who look after the call."""

    nominee_id: Mapped[UUID] = mapped_column(ForeignKey("nominee.id"), index=True)
    name_sealed: Mapped[bytes | None]
    name_index: Mapped[str | None] = mapped_column(index=True)
    name = sealed_text("name_sealed", ring=Ring.IDENTITY, index="name_index", fold=fold_organisation_name)
    contact_sealed: Mapped[bytes | None]
    contact_index: Mapped[str | None] = mapped_column(index=True)
    contact = sealed_text("contact_sealed", ring=Ring.IDENTITY, index="contact_index", fold=fold_contact)
    why_sealed: Mapped[bytes | None]
    why = sealed_text("why_sealed", ring=Ring.IDENTITY)
    nominator_name_sealed: Mapped[bytes | None]
    nominator_name = sealed_text("nominator_name_sealed", ring=Ring.IDENTITY)
    nominator_contact_sealed: Mapped[bytes | None]
    nominator_contact = sealed_text("nominator_contact_sealed", ring=Ring.IDENTITY)
    may_be_named: Mapped[bool]
    """Whether the nominee may read the nominator's name."""
    made_at: Mapped[datetime]

    nominee: Mapped[Nominee] = relationship(back_populates="nominations")


class DraftOffer(Identified, Base):
    """A draft that was begun without an address waits for the person of an address to take it over."""

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    """Whose address was given; only they can take it, signed in."""
    offered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
