"""Applications, what was sent of them, their files and their entries."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Organisation, Person
from fundapp.applications.models.calls import Call, Category, FormVersion, Stage
from fundapp.core.db import Base, Identified, MinorUnits, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text

if TYPE_CHECKING:
    from fundapp.applications.models.afterwards import Clarification, Reopening
    from fundapp.applications.models.conflicts import PartyFact
    from fundapp.applications.models.files import Attachment
    from fundapp.applications.models.translations import AnswerTranslation


class ApplicationStatus(StrEnum):
    """Where an application stands before its entries are decided."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"


class ApplicationSource(StrEnum):
    """How the application reached us."""

    WEB = "web"
    IMPORT = "import"
    PAPER = "paper"
    MAIL = "mail"
    VOICE = "voice"


class SetAsideAs(StrEnum):
    """Why an application is left out of the work of its call."""

    DUPLICATE = "duplicate"
    SPAM = "spam"
    OTHER = "other"


class Application(Identified, Base):
    """What an organisation writes and submits. `answers` is the working copy; submissions are frozen copies."""

    __table_args__ = (
        UniqueConstraint("call_id", "import_key"),
        Index(None, "call_id", "pseudonym", unique=True),
        Index(None, "call_id", "status"),
        CheckConstraint("(status = 'draft') = (submitted_at IS NULL)", name="submitted_has_time"),
        CheckConstraint("(status = 'draft') = (reference IS NULL)", name="submitted_has_reference"),
        CheckConstraint(
            "(status IN ('eligible', 'ineligible')) = (eligibility_by_id IS NOT NULL AND eligibility_at IS NOT NULL)",
            name="eligibility_has_evidence",
        ),
        CheckConstraint("status <> 'ineligible' OR eligibility_reason <> ''", name="ineligible_has_reason"),
        CheckConstraint("NOT is_protected OR pseudonym IS NOT NULL", name="protected_has_pseudonym"),
        CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
        CheckConstraint(
            "(source IN ('paper', 'mail', 'voice')) = (entered_by_id IS NOT NULL)", name="entered_by_hand_has_person"
        ),
        CheckConstraint(
            "(set_aside_at IS NULL) = (set_aside_as IS NULL) AND (set_aside_at IS NULL) = (set_aside_by_id IS NULL)"
            " AND (set_aside_at IS NULL) = (set_aside_reason = '')",
            name="set_aside_has_evidence",
        ),
        CheckConstraint("duplicate_of_id IS NULL OR set_aside_as = 'duplicate'", name="only_duplicates_have_another"),
        CheckConstraint("(closes_at IS NULL) = (closes_at_reason = '')", name="own_deadline_has_reason"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    form_version_id: Mapped[UUID] = mapped_column(ForeignKey("form_version.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    """The main contact. Who may read and write it follows from the organisation."""
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """Whose it is, from the start of a draft."""
    status: Mapped[ApplicationStatus] = mapped_column(enum_column(ApplicationStatus), default=ApplicationStatus.DRAFT)
    source: Mapped[ApplicationSource] = mapped_column(enum_column(ApplicationSource), default=ApplicationSource.WEB)
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who typed it in for its people, where it came by paper, mail or voice."""
    received_on: Mapped[date | None]
    """The day on which it came, where it was entered by hand."""
    language: Mapped[str]
    answers: Mapped[dict[str, Any]]
    """Question name -> typed value, or the text as typed where it does not parse yet."""
    category_codes: Mapped[list[str]]
    organisation_name: Mapped[str] = mapped_column(default="")
    organisation_key: Mapped[str] = mapped_column(default="", index=True)
    """The key of `organisation_name`, for conflicts of interest."""
    title: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    reference: Mapped[str | None] = mapped_column(unique=True)
    import_key: Mapped[str | None]
    is_protected: Mapped[bool] = mapped_column(default=False, server_default=false())
    pseudonym: Mapped[str | None]
    """Two words picked at random when it became protected; it stays when protection is lowered."""
    started_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    """When its present version was sent."""
    edited_at: Mapped[datetime | None]
    """When the working copy was last changed after sending; null while it is what was sent."""
    review_began_at: Mapped[datetime | None]
    """When a reviewer first began to read, or somebody decided: from then on it changes only where staff ask for it."""
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason_sealed: Mapped[bytes | None]
    withdrawal_reason_version: Mapped[int] = mapped_column(default=0, server_default="0")
    withdrawal_reason = sealed_text("withdrawal_reason_sealed", ring=Ring.IDENTITY, version="withdrawal_reason_version")
    """Why its people withdrew it, where they said so."""
    closes_at: Mapped[datetime | None]
    """A later deadline for this application alone, exclusive; `deadline` says which one counts."""
    closes_at_reason: Mapped[str] = mapped_column(default="", server_default="")
    """Why it has one: its people read it."""
    set_aside_at: Mapped[datetime | None]
    """When it was left out of the work of its call, until that is undone."""
    set_aside_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    set_aside_as: Mapped[SetAsideAs | None] = mapped_column(enum_column(SetAsideAs))
    set_aside_reason: Mapped[str] = mapped_column(default="", server_default="")
    set_aside_told: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its people are told."""
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("application.id"))
    eligibility_reason: Mapped[str] = mapped_column(default="")
    eligibility_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    eligibility_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """When everything that people wrote in it was erased; what is left are numbers, dates and decisions."""
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    form_version: Mapped[FormVersion] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()
    entries: Mapped[list["Entry"]] = relationship(back_populates="application")
    submissions: Mapped[list["Submission"]] = relationship(back_populates="application", order_by="Submission.number")
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="application")
    clarifications: Mapped[list["Clarification"]] = relationship(
        back_populates="application", order_by="Clarification.number"
    )
    reopenings: Mapped[list["Reopening"]] = relationship(back_populates="application", order_by="Reopening.number")
    translations: Mapped[list["AnswerTranslation"]] = relationship(
        back_populates="application", order_by="AnswerTranslation.number.desc()"
    )
    """Translations of its answers, the newest first."""
    party_facts: Mapped[list["PartyFact"]] = relationship(back_populates="application", cascade="all, delete-orphan")
    """Who else stands behind it, as keys."""

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    @property
    def deadline(self) -> datetime:
        """Return the instant from which it is too late: the call's, or its own where that is later."""
        return max(self.call.closes_at, self.closes_at or self.call.closes_at)

    @property
    def goes_to_reviewers(self) -> bool:
        """Return whether it is one that is read, scored and decided."""
        return self.status is ApplicationStatus.ELIGIBLE and self.set_aside_at is None

    @property
    def is_entered_by_hand(self) -> bool:
        """Return whether staff type it in for its people."""
        return self.entered_by_id is not None


class Submission(Identified, Base):
    """A frozen copy of what was sent: what reviewers read and what the receipt's hash covers."""

    __table_args__ = (UniqueConstraint("application_id", "number"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    form_version_id: Mapped[UUID] = mapped_column(ForeignKey("form_version.id"))
    answers: Mapped[dict[str, Any]]
    content_sha256: Mapped[str]
    submitted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="submissions")
    form_version: Mapped[FormVersion] = relationship()


class Entry(Identified, Base):
    """An application in a category: what is assigned, scored, decided and lettered."""

    __table_args__ = (
        UniqueConstraint("application_id", "category_id"),
        Index(
            "uq_entry_without_category",
            "application_id",
            unique=True,
            sqlite_where=text("category_id IS NULL"),
            postgresql_where=text("category_id IS NULL"),
        ),
        CheckConstraint("requested_minor IS NULL OR requested_minor > 0", name="requested_positive"),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("category.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"), index=True)
    """Where it stands in the review: the stage in which it is read now."""
    requested_minor: Mapped[int | None] = mapped_column(MinorUnits)
    """Amount requested, in minor units of the call's currency; null where prizes fix the amount."""
    created_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="entries")
    category: Mapped[Category | None] = relationship()
    stage: Mapped[Stage] = relationship()
