"""The decisions of a call as a table for those who pay and those who check. Columns: docs/exports.md.

Every entry of every application that was sent is a row: nothing is cut off, and what is not decided yet says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answer_keys import name_of
from fundapp.applications.form_engine.answers import is_sealed
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry, FormVersion, Submission
from fundapp.applications.scope import visible_to
from fundapp.applications.services.drafts import payee_names
from fundapp.core.db import db
from fundapp.core.money import Money
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.anonymous import application_alias, told
from fundapp.disbursement.exports.handing_out import Export
from fundapp.disbursement.models import Letter
from fundapp.disbursement.queries.letters import decisions_by_entry, entries_of_call, letters_by_subject
from fundapp.disbursement.rules import entry_reference, spread
from fundapp.review.frozen import read_frozen
from fundapp.review.models import Decision, Slate
from fundapp.review.presentation.ratifying import person_words, ratifications_seen
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.queries.selection import Selection, selection
from fundapp.review.tally import rounded

COLUMNS: Final = (
    "call",
    "entry_reference",
    "application_reference",
    "category",
    "organisation",
    "title",
    "country",
    "region",
    "language",
    "application_status",
    "eligibility_reason",
    "submitted_at",
    "currency",
    "amount_requested",
    "reviews",
    "score_mean",
    "score_spread",
    "rank",
    "rank_is_tied",
    "decision",
    "amount_awarded",
    "decision_reason",
    "decided_by",
    "decided_at",
    "slate_status",
    "ratified_by",
    "ratified_at",
    "released_at",
    "letter_status",
    "letter_made_at",
    "letter_sha256",
    "payee",
    "sample",
)


WITHHELD: Final = frozenset(
    {
        "organisation",
        "title",
        "language",
        "eligibility_reason",
        "submitted_at",
        "decision_reason",
        "decided_by",
        "decided_at",
        "ratified_by",
        "letter_status",
        "letter_made_at",
        "letter_sha256",
        "payee",
    }
)
"""What an anonymised table leaves empty: names, what people wrote, and what a letter or a mail would be found by."""

_OUT: Final = (ApplicationStatus.INELIGIBLE, ApplicationStatus.WITHDRAWN)
"""Applications about which nothing will be decided."""


@dataclass(frozen=True, slots=True)
class _Figures:
    reviews: int = 0
    mean: Fraction | None = None
    variance: Fraction | None = None
    rank: int | None = None
    tied: bool = False


def decisions(*, actor: Actor, call: Call, is_anonymised: bool = False) -> Export:
    """Return the decisions of a call to be handed out. Raises NotAllowed."""
    rows = decision_rows(actor=actor, call=call)
    return Export(
        what="decisions",
        call=call,
        columns=COLUMNS,
        rows=_anonymised(rows, entries_of_call(actor=actor, call=call)) if is_anonymised else rows,
        filters={"entries": "of all applications that were sent and not set aside"},
        is_anonymised=is_anonymised,
    )


def decisions_at_most(actor: Actor, call: Call) -> int:
    """Return how many entries of a call the actor may see."""
    entries = select(func.count()).select_from(Entry).join(Entry.application)
    return db.session.scalar(entries.where(Entry.call_id == call.id, visible_to(actor))) or 0


def decision_rows(*, actor: Actor, call: Call) -> list[list[Cell]]:
    """Return one row per entry, by reference: what the actor has a conflict of interest with is not among them.

    Figures are those that were frozen with the list of decisions; before, and for whoever does not see all of it, those
    of now. Raises NotAllowed.
    """
    actor.require(P.DECISION_EXPORT, call.id)
    selected = selection(actor=actor, call=call)
    figures = _figures(selected)
    decisions = decisions_by_entry(actor=actor, call=call)
    letters = letters_by_subject(actor=actor, call=call)
    ratifiers = "; ".join(person_words(each.person) for each in ratifications_seen(selected))
    masks = _payee_masks(call) if actor.can(P.PAYEE_READ, call.id) else {}
    rows = []
    for entry in entries_of_call(actor=actor, call=call):
        decision = decisions.get(entry.id)
        letter = letters.get(decision.id if decision else entry.application_id)
        rows.append(
            [
                *_application_cells(call, entry),
                *_figure_cells(figures.get(str(entry.id), _Figures())),
                *_decision_cells(call, entry, decision),
                *_slate_cells(selected.slate if decision else None, ratifiers),
                *_letter_cells(letter),
                masks.get(entry.application_id),
                "yes" if call.is_sample else "no",
            ]
        )
    return rows


def _anonymised(rows: Sequence[Sequence[Cell]], entries: Sequence[Entry]) -> list[list[Cell]]:
    """Return the rows of entries without whom they are about, in an order that tells nothing."""
    faces = {entry.application_id: face_of(entry.application) for entry in entries}
    places = told({key: (face.country, face.region) for key, face in faces.items()})
    made = []
    for entry, row in zip(entries, rows, strict=True):
        alias = application_alias(entry.call_id, entry.application_id)
        country, region = places[entry.application_id]
        cells = dict(zip(COLUMNS, row, strict=True)) | dict.fromkeys(WITHHELD)
        cells |= {
            "entry_reference": entry_reference(alias, entry.category.code if entry.category else None),
            "application_reference": alias,
            "country": country,
            "region": region,
        }
        made.append([cells[column] for column in COLUMNS])
    return sorted(made, key=lambda row: str(row[1]))


def _application_cells(call: Call, entry: Entry) -> Sequence[Cell]:
    application = entry.application
    face = face_of(application)
    code = entry.category.code if entry.category else None
    return (
        call.slug,
        entry_reference(application.reference or "", code),
        application.reference,
        code,
        face.name,
        face.title,
        face.country,
        face.region,
        application.language,
        application.status.value,
        application.eligibility_reason,
        application.submitted_at,
        call.currency,
        _amount(entry.requested_minor, call.currency),
    )


def _figure_cells(figures: _Figures) -> Sequence[Cell]:
    deviation = spread(figures.variance)
    return (
        figures.reviews,
        None if figures.mean is None else rounded(figures.mean),
        None if deviation is None else rounded(deviation),
        figures.rank,
        None if figures.rank is None else "yes" if figures.tied else "no",
    )


def _decision_cells(call: Call, entry: Entry, decision: Decision | None) -> Sequence[Cell]:
    if decision is None:
        status = entry.application.status
        state = status.value if status in _OUT else "undecided"
        return (state, None, None, None, None)
    return (
        decision.outcome.value,
        _amount(decision.amount_minor, call.currency),
        decision.reason,
        decision.decided_by.name,
        decision.decided_at,
    )


def _slate_cells(slate: Slate | None, ratifiers: str) -> Sequence[Cell]:
    if slate is None:
        return (None, None, None, None)
    return (slate.status.value, ratifiers, slate.ratified_at, slate.released_at)


def _letter_cells(letter: Letter | None) -> Sequence[Cell]:
    if letter is None:
        return (None, None, None)
    made_at: datetime | None = letter.made_at
    return (letter.status.value, made_at, letter.sha256)


def _payee_masks(call: Call) -> dict[UUID, str]:
    """Return the masks of payee details as they were sent last, by application: such as an account's last four digits.

    More is never in a list.
    """
    rows = db.session.execute(
        select(Submission.application_id, Submission.form_version_id, Submission.answers)
        .join(Submission.application)
        .where(Application.call_id == call.id)
        .order_by(Submission.application_id, Submission.number)
    )
    versions = db.session.scalars(select(FormVersion).where(FormVersion.call_id == call.id))
    asked = {each.id: payee_names(FormDefinition.from_json(each.definition)) for each in versions}
    masks: dict[UUID, str] = {}
    for application_id, form_id, answers in rows:
        found = [key for key in sorted(answers) if name_of(key) in asked[form_id] and is_sealed(answers[key])]
        masks[application_id] = "; ".join(str(answers[key]["mask"]) for key in found)
    return {application_id: mask for application_id, mask in masks.items() if mask}


def _figures(selected: Selection) -> dict[str, _Figures]:
    """Return the figures by entry, as they were frozen where they were.

    Frozen ranks are those of the whole list: a gap in them would tell of an entry that is hidden from the reader. Who
    does not see all of it has the figures of now, over what they see.
    """
    frozen = newest_frozen(selected.slate) if selected.slate else None
    stored = read_frozen(frozen.content).document["entries"] if frozen else []
    if stored and {each["entry"] for each in stored} <= {str(row.entry.id) for row in selected.ranked}:
        return {each["entry"]: _frozen(each) for each in stored}
    return {
        str(row.entry.id): _Figures(
            row.figures.reviews, row.figures.mean, row.figures.variance, row.figures.rank, row.figures.tied
        )
        for row in selected.ranked
    }


def _frozen(stored: dict[str, Any]) -> _Figures:
    def fraction(key: str) -> Fraction | None:
        return None if stored[key] is None else Fraction(stored[key])

    return _Figures(stored["reviews"], fraction("mean"), fraction("variance"), stored["rank"], stored["tied"])


def _amount(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Money(minor, currency).decimal
