"""What is chosen of the reviews for those who are declined, in words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from fundapp.applications.identity import face_of
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.applications.rules import DeclinedGet
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.declined_rules import Piece
from fundapp.review.models import Outcome, SlateStatus
from fundapp.review.queries.declined import Declined
from fundapp.review.queries.selection import current_slate


@dataclass(frozen=True)
class DeclinedShown:
    """An entry without an award, and whether its people get to read something."""

    id: UUID
    reference: str
    organisation: str
    decision: str
    state: str
    kind: str
    edited_by: str


@dataclass(frozen=True)
class PieceShown:
    """One comment; `label` is its criterion's name, or that it is about the whole."""

    key: str
    label: Said
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class PromiseShown:
    """What a call promised its declined applicants, and whether texts for them can change."""

    words: str
    is_anything: bool
    can_change: bool
    is_released: bool


def promises_comments(call: Call) -> bool:
    """Say whether a call promised declined applicants anything of the reviews."""
    return call.declined_get is not DeclinedGet.NOTHING


def promise_shown(call: Call, *, may_decide: bool) -> PromiseShown:
    """Return what a call promised, and whether somebody can still work on it."""
    slate = current_slate(call=call)
    is_released = slate is not None and slate.status is SlateStatus.RELEASED
    is_anything = promises_comments(call)
    words = {
        DeclinedGet.NOTHING: _("This call promised declined applicants nothing of the reviews."),
        DeclinedGet.COMMENTS: _("This call promised declined applicants comments from the reviews."),
        DeclinedGet.SCORES: _(
            "This call promised declined applicants comments from the reviews, and the mean score for each criterion."
        ),
    }
    return PromiseShown(
        words[call.declined_get], is_anything, is_anything and not is_released and may_decide, is_released
    )


def declined_shown(each: Declined) -> DeclinedShown:
    """Return one entry of the list."""
    face = face_of(each.row.entry.application)
    comment, decision = each.comment, each.row.decision
    if comment is None:
        state, kind = _("Nothing is written yet"), "act"
    elif comment.passes_on:
        state, kind = _("Text is kept"), "good"
    else:
        state, kind = _("Nothing to pass on"), ""
    return DeclinedShown(
        id=each.row.entry.id,
        reference=face.reference,
        organisation=face.name,
        decision=_("Decline") if decision is None or decision.outcome is Outcome.DECLINE else _("In reserve"),
        state=state,
        kind=kind,
        edited_by=(comment.edited_by.name or comment.edited_by.email) if comment else "",
    )


def still_to_write(found: Sequence[Declined]) -> str:
    """Say for how many entries nothing is written yet; "" where there is none."""
    missing = sum(each.comment is None for each in found)
    return (
        ngettext(
            "For %(num)s entry nothing is written yet. The decisions can't be released before.",
            "For %(num)s entries nothing is written yet. The decisions can't be released before.",
            missing,
        )
        if missing
        else ""
    )


def pieces_shown(
    call: Call, pieces: Sequence[Sequence[Piece]], chosen: Collection[str]
) -> list[tuple[str, list[PieceShown]]]:
    """Return the comments reader by reader, without names: "Reader 1", "Reader 2"."""
    labels = {criterion.code: said(criterion.labels) for criterion in call.criteria}
    whole = Said(_("About the whole"))
    return [
        (
            _("Reader %(number)s", number=number),
            [
                PieceShown(each.key, labels.get(each.criterion, whole), each.text, each.key in chosen)
                for each in of_reader
            ],
        )
        for number, of_reader in enumerate(pieces, 1)
    ]
