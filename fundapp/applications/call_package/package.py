"""What a call package says, ready to be loaded. Texts are by language code; money in minor units; instants in UTC."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from fundapp.applications.call_package.keys import Keys
from fundapp.applications.form_engine.definition import FormDefinition, Texts
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.applications.rules import CommentNeed, DeclinedGet, ReviewersSee, UndoneReviews
from fundapp.core.errors import Problem


@dataclass(frozen=True)
class ProgrammeRead:
    """The fund or prize that the call belongs to."""

    slug: str
    kind: Literal["grant", "prize"]
    titles: Texts


@dataclass(frozen=True)
class ExtensionRead:
    """A deadline moved for everyone: `closes_at` (exclusive) is the new one, `extended_at` when that was announced.

    Only one that closes the call early (`is_early`) lies before the deadline that it moves.
    """

    closes_at: datetime
    extended_at: datetime
    reasons: Texts
    is_early: bool = False


@dataclass(frozen=True)
class NominationsRead:
    """When organisations can be nominated: from (inclusive) and to (exclusive)."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class CategoryRead:
    """A part of the call that is scored and decided apart; `awards` of `award_minor` each, or None where requested."""

    code: str
    titles: Texts
    descriptions: Texts
    awards: int | None
    award_minor: int | None


@dataclass(frozen=True)
class StageRead:
    """A step of the review, in which `reviews` peers read each entry. {} as titles where the call has no other."""

    code: str
    titles: Texts
    kind: Literal["screening", "review"]
    reviews: int
    review_minutes: int
    asks_confidence: bool


@dataclass(frozen=True)
class PhaseRead:
    """From when (inclusive) to when (exclusive) the reviewers of a stage may do what."""

    code: str
    stage: str
    titles: Texts
    starts_at: datetime
    ends_at: datetime
    may_score: bool
    others: SeenOthers
    shown_as: ShownAs
    may_discuss: bool


@dataclass(frozen=True)
class CriterionRead:
    """One line of the rubric: from `minimum` to `maximum` in steps of `step`, with worded anchors by step ("4.5")."""

    code: str
    labels: Texts
    questions: Texts
    weight: Decimal
    minimum: Decimal
    maximum: Decimal
    anchors: dict[str, Texts]
    stage: str
    """The code of the stage that it belongs to."""
    step: Decimal = Decimal(1)
    category: str = ""
    """The code of the only category of which it is asked; "" for all."""
    comment_questions: Texts = field(default_factory=dict)
    comment_needed: str = CommentNeed.NEVER


@dataclass(frozen=True)
class InvitationRead:
    """An address that may apply."""

    email: str
    organisation_name: str


@dataclass(frozen=True)
class PackagePart:
    """A table of call.toml that a later room knows; this room carries what stands there and looks into nothing."""

    key: str
    title: str
    """What it is called on pages, translated when it is shown."""
    read: Callable[[Keys, "CallPackage"], Any]
    """Returns what a table says, as the room has it, and complains; the package may have problems of its own."""
    write: Callable[[Any, "CallPackage"], dict[str, Any]]
    """Returns the table from which the same is read."""
    of_call: Callable[[Any], Any]
    """Returns what a Call says of it now; None where it says nothing."""
    put: Callable[..., bool]
    """Makes a `call` say a `value` for an `actor` at an instant `now`, and returns whether that is new.

    Raises RuleViolations for what cannot change any more.
    """


@dataclass(frozen=True)
class FurtherTable:
    """What one such table says."""

    part: PackagePart
    value: Any


@dataclass(frozen=True)
class CallPackage:
    """One call with everything that it needs to run.

    `closes_at` is the first deadline (exclusive); `extensions`, in order, moved it. `invitations` is None where nothing
    is said of the list. A form without questions is still to be written. `sha256` covers every file read.
    """

    programme: ProgrammeRead
    slug: str
    reference_prefix: str
    titles: Texts
    purposes: Texts
    languages: tuple[str, ...]
    time_zone: str
    opens_at: datetime
    closes_at: datetime
    extensions: tuple[ExtensionRead, ...]
    currency: str
    budget_minor: int
    ceiling_minor: int | None
    max_categories: int
    categories: tuple[CategoryRead, ...]
    criteria: tuple[CriterionRead, ...]
    stages: tuple[StageRead, ...]
    phases: tuple[PhaseRead, ...]
    invitation_only: bool
    invitations: tuple[InvitationRead, ...] | None
    nominations: NominationsRead | None
    barred_names: tuple[str, ...]
    barred_domains: tuple[str, ...]
    bars_reviewers_organisation: bool
    applicants_review: bool
    is_impartial: bool
    undone_reviews: UndoneReviews
    reviewers_see: ReviewersSee
    award_terms: dict[str, Any]
    declined_get: DeclinedGet
    offers_next_call: bool
    retention_days: dict[str, int]
    is_sample: bool
    is_protected: bool
    form: FormDefinition
    papers: Mapping[str, FormDefinition]
    """The forms for further papers, by the code of their stage; nothing is said of those that are left out."""
    sha256: str
    further: tuple[FurtherTable, ...] = ()
    """What later rooms read; nothing is said of a part that is left out."""
    warnings: tuple[Problem, ...] = ()
    """What is passed over and keeps nobody from using the form; stored nowhere."""

    @property
    def reviews_per_entry(self) -> int:
        """Return how many peers read each entry in the last stage, from which people decide."""
        return self.stages[-1].reviews

    def with_reviews(self, number: int) -> "CallPackage":
        """Return the package with another number of peers who read each entry in the last stage."""
        return replace(self, stages=(*self.stages[:-1], replace(self.stages[-1], reviews=number)))
