"""Programmes, their calls, and what a call consists of."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.rules import fold_email
from fundapp.applications.rules import CommentNeed, DeclinedGet, ReviewersSee, UndoneReviews
from fundapp.core.db import Base, ExactNumber, Identified, MinorUnits, enum_column
from fundapp.core.keys import Ring
from fundapp.core.sealing import sealed_text

if TYPE_CHECKING:
    from fundapp.applications.models.phases import ReviewPhase


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
        CheckConstraint("max_categories >= 1", name="categories_at_least_one"),
        CheckConstraint("(status = 'decided') = (decided_at IS NOT NULL)", name="decided_has_time"),
        CheckConstraint("applicants_review OR NOT is_impartial", name="impartial_applicants_review"),
        CheckConstraint(
            "(nominations_open_at IS NULL) = (nominations_close_at IS NULL)"
            " AND (nominations_close_at IS NULL OR nominations_close_at > nominations_open_at)",
            name="nominations_have_both",
        ),
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
    max_categories: Mapped[int] = mapped_column(default=1)
    nominations_open_at: Mapped[datetime | None]
    nominations_close_at: Mapped[datetime | None]
    """Exclusive. A period of its own: it says nothing about when applications are taken."""
    invitation_only: Mapped[bool]
    barred_names: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Organisations that may not apply, such as the fund's own partners."""
    barred_domains: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Their mail domains, in lower case; those below them count too."""
    bars_reviewers_organisation: Mapped[bool] = mapped_column(default=False, server_default=false())
    """An organisation of somebody who reads for the call can't apply to it."""
    reviewers_see: Mapped[ReviewersSee] = mapped_column(
        enum_column(ReviewersSee), default=ReviewersSee.NAME, server_default=ReviewersSee.NAME.value
    )
    reference_prefix: Mapped[str] = mapped_column(unique=True)
    last_reference: Mapped[int] = mapped_column(default=0)
    award_terms: Mapped[dict[str, Any]]
    """What letters say: {"period_months": int, "purpose": {lang: text}, "next_step": {lang: text}, "signatory": …,
    "agreement": {lang: text}, "answer_days": int, "reminder_days": [int], "second_factor": bool, "signed_copy":
    bool}; from the agreement on each can be missing."""
    is_sample: Mapped[bool] = mapped_column(default=False)
    is_protected: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Every application to it is protected from its start."""
    applicants_review: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whoever applies may also be one of its reviewers."""
    is_impartial: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Applicants review each other in two pools, each of which is ranked, funded and decided by itself."""
    undone_reviews: Mapped[UndoneReviews] = mapped_column(
        enum_column(UndoneReviews), default=UndoneReviews.NOTHING, server_default=UndoneReviews.NOTHING.value
    )
    declined_get: Mapped[DeclinedGet] = mapped_column(
        enum_column(DeclinedGet), default=DeclinedGet.NOTHING, server_default=DeclinedGet.NOTHING.value
    )
    offers_next_call: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whoever is declined may let their application be considered again in the next call of the programme."""
    retention_days: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Days for which applications are kept, by fate, where this call differs from keeping_periods.DEFAULT_DAYS."""
    package_sha256: Mapped[str]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    programme: Mapped[Programme] = relationship(back_populates="calls")
    categories: Mapped[list["Category"]] = relationship(back_populates="call", order_by="Category.position")
    stages: Mapped[list["Stage"]] = relationship(back_populates="call", order_by="Stage.position")
    """The steps of its review, in order; every call has one at least."""
    criteria: Mapped[list["Criterion"]] = relationship(back_populates="call", order_by="Criterion.position")
    """Those of all stages."""
    form_versions: Mapped[list["FormVersion"]] = relationship(
        back_populates="call",
        order_by="FormVersion.number",
        primaryjoin="and_(Call.id == FormVersion.call_id, FormVersion.purpose == 'application')",
    )
    """The forms for applying, the newest last."""
    extensions: Mapped[list["DeadlineExtension"]] = relationship(
        back_populates="call", order_by="DeadlineExtension.extended_at"
    )

    @property
    def deciding_stage(self) -> "Stage":
        """Return the last stage: its scores are tallied, and decided from."""
        return self.stages[-1]


class DeadlineExtension(Identified, Base):
    """A deadline that was moved for everyone, with the reason that the public sees; earlier, to close a call early."""

    __table_args__ = (CheckConstraint("closes_at <> closed_at_before", name="moves"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), index=True)
    closed_at_before: Mapped[datetime]
    closes_at: Mapped[datetime]
    reasons: Mapped[dict[str, str]]
    extended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    extended_at: Mapped[datetime]
    tells_senders: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Those who had sent were told as well as those who were still writing."""
    told_up_to: Mapped[UUID | None]
    """The last application whose people were told, by order of ids, while that goes on."""
    told_at: Mapped[datetime | None]
    """When the last mail about it was put in line; null where nobody is told, as of a move that a package tells of."""

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


class StageKind(StrEnum):
    """What peers do in a stage: look whether an application may go on, or score it."""

    SCREENING = "screening"
    REVIEW = "review"


class Stage(Identified, Base):
    """A step of a call's review, with criteria and readings of its own. An entry goes through them in order."""

    __table_args__ = (
        UniqueConstraint("call_id", "code"),
        CheckConstraint("reviews_per_entry >= 1", name="reviews_at_least_one"),
        CheckConstraint("review_minutes >= 1", name="review_takes_time"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    position: Mapped[int]
    code: Mapped[str]
    kind: Mapped[StageKind] = mapped_column(enum_column(StageKind), default=StageKind.REVIEW)
    titles: Mapped[dict[str, str]] = mapped_column(default=dict)
    """What it is called; {} where a call has no other."""
    reviews_per_entry: Mapped[int]
    """How many peers are to read each entry in it."""
    asks_confidence: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Reviewers say how sure they are of what they answer."""
    review_minutes: Mapped[int] = mapped_column(default=45, server_default="45")
    """How long one review takes, reading included; loads are told in hours from it."""
    papers_id: Mapped[UUID | None] = mapped_column(ForeignKey("form_version.id"))
    """The form for further papers that those who stand in it can be asked for; null while it has none."""

    call: Mapped[Call] = relationship(back_populates="stages")
    papers: Mapped["FormVersion | None"] = relationship()
    criteria: Mapped[list["Criterion"]] = relationship(
        back_populates="stage", order_by="Criterion.position", overlaps="criteria"
    )
    phases: Mapped[list["ReviewPhase"]] = relationship(back_populates="stage", order_by="ReviewPhase.starts_at")
    """None: private scoring until the list of decisions is sent."""


class Criterion(Identified, Base):
    """One question that reviewers of a stage answer with a step of its scale, `minimum` and `maximum` among them."""

    __table_args__ = (
        UniqueConstraint("call_id", "code"),
        CheckConstraint("maximum > minimum", name="scale_rises"),
        CheckConstraint("step > 0", name="step_positive"),
        CheckConstraint("weight > 0", name="weight_positive"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stage.id"), index=True)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("category.id"))
    """Asked of entries in this category alone; of all entries where it is null."""
    code: Mapped[str]
    labels: Mapped[dict[str, str]]
    questions: Mapped[dict[str, str]]
    weight: Mapped[Decimal] = mapped_column(Numeric(9, 4, asdecimal=True))
    minimum: Mapped[Decimal] = mapped_column(ExactNumber)
    maximum: Mapped[Decimal] = mapped_column(ExactNumber)
    step: Mapped[Decimal] = mapped_column(ExactNumber, default=1, server_default="1")
    """From one number of the scale to the next."""
    anchors: Mapped[dict[str, Any]]
    """Worded anchors: {"1": {"en": "…"}, "4.5": {…}}; not every step needs one."""
    comment_questions: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    """What is asked beside the score, in words; {}: why this score."""
    comment_needed: Mapped[CommentNeed] = mapped_column(
        enum_column(CommentNeed), default=CommentNeed.NEVER, server_default=CommentNeed.NEVER.value
    )
    position: Mapped[int]

    call: Mapped[Call] = relationship(back_populates="criteria")
    stage: Mapped[Stage] = relationship(back_populates="criteria")


class FormPurpose(StrEnum):
    """What a form is for: applying, further papers of the shortlist, or an application together with its papers."""

    APPLICATION = "application"
    PAPERS = "papers"
    WITH_PAPERS = "with_papers"


class FormVersion(Identified, Base):
    """A form as it was when somebody answered it. Never changed once it has answers."""

    __table_args__ = (UniqueConstraint("call_id", "purpose", "number"), UniqueConstraint("call_id", "sha256"))

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    purpose: Mapped[FormPurpose] = mapped_column(
        enum_column(FormPurpose), default=FormPurpose.APPLICATION, server_default=FormPurpose.APPLICATION.value
    )
    number: Mapped[int]
    definition: Mapped[dict[str, Any]]
    """FormDefinition.to_json()."""
    sha256: Mapped[str]
    created_at: Mapped[datetime]

    call: Mapped[Call] = relationship(back_populates="form_versions")


class FormDraft(Identified, Base):
    """The working copy of a call's form: nobody answers it. It goes when it is put into use."""

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    working: Mapped[dict[str, Any]]
    """WorkingForm.to_json()."""
    begun_from: Mapped[str]
    """What the form in use was then, so that nobody replaces one that they have not seen."""
    version: Mapped[int]
    """Counts the changes, also those that were undone."""
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]


class FormDraftStep(Identified, Base):
    """A working copy as it was before one of its last changes, so that they can be undone."""

    __table_args__ = (UniqueConstraint("form_draft_id", "number"),)

    form_draft_id: Mapped[UUID] = mapped_column(ForeignKey("form_draft.id"))
    number: Mapped[int]
    """The version that it was."""
    working: Mapped[dict[str, Any]]


class CallInvitation(Identified, Base):
    """An address that may apply to a call by invitation."""

    __table_args__ = (UniqueConstraint("call_id", "email_index"),)

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    email_sealed: Mapped[bytes | None]
    email_index: Mapped[str | None]
    email = sealed_text("email_sealed", ring=Ring.IDENTITY, index="email_index", fold=fold_email)
    organisation_name_sealed: Mapped[bytes | None]
    organisation_name_version: Mapped[int] = mapped_column(default=0)
    organisation_name = sealed_text("organisation_name_sealed", ring=Ring.IDENTITY, version="organisation_name_version")
    created_at: Mapped[datetime]
    link_hash: Mapped[str | None] = mapped_column(unique=True)
    """Of the personal link's token, once there is one. It follows from the id and the installation's secret."""
    link_sent_at: Mapped[datetime | None]
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("application.id"), index=True)
    """What was begun with the link."""
    nominee_id: Mapped[UUID | None] = mapped_column(ForeignKey("nominee.id"), index=True)
    """Whose nominations led to it."""
