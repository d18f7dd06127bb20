"""Programmes, calls, forms, applications, entries, and who may not see what."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Organisation, Person
from fundapp.core.db import Base, Identified, MinorUnits, enum_column


class ProgrammeKind(StrEnum):
    """What is given: money asked for within a budget, or prizes of fixed amounts."""

    GRANT = "grant"
    PRIZE = "prize"


class Programme(Identified, Base):
    """A fund or a prize that holds calls."""

    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[ProgrammeKind] = mapped_column(enum_column(ProgrammeKind))
    titles: Mapped[dict[str, str]]

    calls: Mapped[list["Call"]] = relationship(back_populates="programme")


class CallStatus(StrEnum):
    """Where a call stands. Whether it takes applications now also depends on its dates."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DECIDED = "decided"


class Call(Identified, Base):
    """One round of a programme: dates, budget, form, rubric, entries."""

    __table_args__ = (
        CheckConstraint("budget_minor > 0", name="budget_positive"),
        CheckConstraint("committed_minor >= 0 AND committed_minor <= budget_minor", name="within_budget"),
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        CheckConstraint("reviews_per_entry >= 1", name="reviews_at_least_one"),
        CheckConstraint("max_categories >= 1", name="categories_at_least_one"),
        CheckConstraint("(status = 'decided') = (decided_at IS NOT NULL)", name="decided_has_time"),
    )

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("programme.id"), index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    status: Mapped[CallStatus] = mapped_column(enum_column(CallStatus), default=CallStatus.DRAFT)
    titles: Mapped[dict[str, str]]
    purposes: Mapped[dict[str, str]]
    languages: Mapped[list[str]]
    time_zone: Mapped[str]
    """IANA name; opens_at and closes_at are instants, shown in this zone and in UTC."""
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Exclusive: an application received at this very instant is too late."""
    currency: Mapped[str]
    budget_minor: Mapped[int] = mapped_column(MinorUnits)
    committed_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    """Sum of pending and released award decisions; changed only by services.budget's conditional update."""
    ceiling_minor: Mapped[int | None] = mapped_column(MinorUnits)
    reviews_per_entry: Mapped[int]
    max_categories: Mapped[int] = mapped_column(default=1)
    invitation_only: Mapped[bool]
    reference_prefix: Mapped[str] = mapped_column(unique=True)
    last_reference: Mapped[int] = mapped_column(default=0)
    award_terms: Mapped[dict[str, Any]]
    """What letters say: {"period_months": int, "purpose": {lang: text}, "next_step": {lang: text}, "signatory": …}."""
    is_sample: Mapped[bool] = mapped_column(default=False)
    package_sha256: Mapped[str]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    programme: Mapped[Programme] = relationship(back_populates="calls")
    categories: Mapped[list["Category"]] = relationship(back_populates="call", order_by="Category.position")
    criteria: Mapped[list["Criterion"]] = relationship(back_populates="call", order_by="Criterion.position")
    form_versions: Mapped[list["FormVersion"]] = relationship(back_populates="call", order_by="FormVersion.number")
    extensions: Mapped[list["DeadlineExtension"]] = relationship(
        back_populates="call", order_by="DeadlineExtension.extended_at"
    )


class DeadlineExtension(Identified, Base):
    """A deadline that was moved later, for everyone, with the reason that the public sees."""

    __table_args__ = (CheckConstraint("closes_at > closed_at_before", name="moves_later"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    closed_at_before: Mapped[datetime]
    closes_at: Mapped[datetime]
    reasons: Mapped[dict[str, str]]
    extended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    extended_at: Mapped[datetime]

    call: Mapped[Call] = relationship(back_populates="extensions")


class Category(Identified, Base):
    """A part of a call that is entered, scored and decided apart. A prize fixes number and amount here."""

    __table_args__ = (
        UniqueConstraint("call_id", "code"),
        CheckConstraint("(awards IS NULL) = (award_minor IS NULL)", name="awards_have_amount"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    code: Mapped[str]
    titles: Mapped[dict[str, str]]
    descriptions: Mapped[dict[str, str]]
    awards: Mapped[int | None]
    """How many awards of `award_minor` this category gives; null where amounts are requested."""
    award_minor: Mapped[int | None] = mapped_column(MinorUnits)
    position: Mapped[int]

    call: Mapped[Call] = relationship(back_populates="categories")


class Criterion(Identified, Base):
    """One question that reviewers answer with a whole number from `minimum` to `maximum`."""

    __table_args__ = (
        UniqueConstraint("call_id", "code"),
        CheckConstraint("maximum > minimum", name="scale_rises"),
        CheckConstraint("weight > 0", name="weight_positive"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    code: Mapped[str]
    labels: Mapped[dict[str, str]]
    questions: Mapped[dict[str, str]]
    weight: Mapped[Decimal] = mapped_column(Numeric(9, 4, asdecimal=True))
    minimum: Mapped[int]
    maximum: Mapped[int]
    anchors: Mapped[dict[str, Any]]
    """Worded anchors: {"1": {"en": "…"}, "5": {…}}; not every step needs one."""
    position: Mapped[int]

    call: Mapped[Call] = relationship(back_populates="criteria")


class FormVersion(Identified, Base):
    """A form as it was when somebody answered it. Never changed once it has answers."""

    __table_args__ = (UniqueConstraint("call_id", "number"), UniqueConstraint("call_id", "sha256"))

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    """FormDefinition.to_json()."""
    sha256: Mapped[str]
    created_at: Mapped[datetime]

    call: Mapped[Call] = relationship(back_populates="form_versions")


class CallInvitation(Identified, Base):
    """An address that may apply to a call by invitation."""

    __table_args__ = (UniqueConstraint("call_id", "email"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    email: Mapped[str]
    organisation_name: Mapped[str]
    created_at: Mapped[datetime]


class ApplicationStatus(StrEnum):
    """Where an application stands before its entries are decided."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"


class ApplicationSource(StrEnum):
    """How the application reached us."""

    WEB = "web"
    IMPORT = "import"


class Application(Identified, Base):
    """What an organisation writes and submits. `answers` is the working copy; submissions are frozen copies."""

    __table_args__ = (
        UniqueConstraint("call_id", "import_key"),
        Index(None, "call_id", "status"),
        CheckConstraint("(status = 'draft') = (submitted_at IS NULL)", name="submitted_has_time"),
        CheckConstraint("(status = 'draft') = (reference IS NULL)", name="submitted_has_reference"),
        CheckConstraint(
            "(status IN ('eligible', 'ineligible')) = (eligibility_by_id IS NOT NULL AND eligibility_at IS NOT NULL)",
            name="eligibility_has_evidence",
        ),
        CheckConstraint("status <> 'ineligible' OR eligibility_reason <> ''", name="ineligible_has_reason"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    form_version_id: Mapped[UUID] = mapped_column(ForeignKey("form_version.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    """Who writes it, and whom mail about it goes to."""
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[ApplicationStatus] = mapped_column(enum_column(ApplicationStatus), default=ApplicationStatus.DRAFT)
    source: Mapped[ApplicationSource] = mapped_column(enum_column(ApplicationSource), default=ApplicationSource.WEB)
    language: Mapped[str]
    answers: Mapped[dict[str, Any]]
    """Question name -> typed value, or the text as typed where it does not parse yet."""
    category_codes: Mapped[list[str]]
    organisation_name: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    reference: Mapped[str | None] = mapped_column(unique=True)
    import_key: Mapped[str | None]
    started_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    eligibility_reason: Mapped[str] = mapped_column(default="")
    eligibility_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    eligibility_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    form_version: Mapped[FormVersion] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()
    entries: Mapped[list["Entry"]] = relationship(back_populates="application")
    submissions: Mapped[list["Submission"]] = relationship(back_populates="application", order_by="Submission.number")
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="application")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy as a class attribute


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


class Attachment(Identified, Base):
    """A file of an application; the bytes are kept by their hash."""

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), index=True)
    question: Mapped[str]
    filename: Mapped[str]
    """The applicant's own name for it: data only, never a path."""
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    uploaded_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="attachments")


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
    requested_minor: Mapped[int | None] = mapped_column(MinorUnits)
    """Amount requested, in minor units of the call's currency; null where prizes fix the amount."""
    created_at: Mapped[datetime]

    application: Mapped[Application] = relationship(back_populates="entries")
    category: Mapped[Category | None] = relationship()


class ConflictSource(StrEnum):
    """Who found the conflict."""

    DECLARED = "declared"
    SAME_ORGANISATION = "same_organisation"
    SET_BY_MANAGER = "set_by_manager"


class ConflictOfInterest(Identified, Base):
    """A person may not see, score or decide an application. Every read path leaves it out for them."""

    __table_args__ = (UniqueConstraint("application_id", "person_id"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[ConflictSource] = mapped_column(enum_column(ConflictSource))
    reason: Mapped[str] = mapped_column(default="")
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
