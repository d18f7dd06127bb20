"""Reviewing offline as its pages show it: what can be taken away, the sheet, and what became of one that came back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from fundapp.applications.presentation.texts import Said, said
from fundapp.core.errors import Problem
from fundapp.core.i18n import current_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.numbers import megabytes_text
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer
from fundapp.review.offline import ScoreRow, ScoreSheet, fitting
from fundapp.review.presentation.packets import Packet, entry_called
from fundapp.review.presentation.reading import part_lines, parts_asked
from fundapp.review.scoring_forms import field_name
from fundapp.review.scoring_rules import COMMENT, COMMENT_HINT, CONFIDENCE, part_to_json
from fundapp.review.services.offline import Differing, TakenScores, steps_in
from fundapp.review.services.reading import part_mark, shown_parts

MOST_AT_ONCE: Final = 50
"""So many applications go into one download, so that it begins within seconds."""


@dataclass(frozen=True)
class DownloadShown:
    """One download: its number from 1, how many applications it has, and the size of the files that fit into it."""

    number: int
    words: str
    megabytes: str
    left_out: int


@dataclass(frozen=True)
class DifferingShown:
    """What stands in the draft and what stands in the sheet; `key` names the part for the page that sends it back."""

    key: str
    application: str
    label: Said
    place: str
    stored: Sequence[str]
    given: Sequence[str]


@dataclass(frozen=True)
class TouchedShown:
    """A review with something new in it, and what is to be done with it."""

    url: str
    application: str
    words: str


@dataclass(frozen=True)
class TakenShown:
    """What became of a sheet. `given` and `seen` go along with the page, for whoever wants to replace."""

    taken: int
    unchanged: int
    touched: Sequence[TouchedShown]
    problems: Sequence[Problem]
    differing: Sequence[DifferingShown]
    given: str
    seen: str


def downloads_shown(packets: Sequence[Packet]) -> list[DownloadShown]:
    """Return the downloads that packets go into."""
    return [_download(number, batch) for number, batch in enumerate(batches_of(packets), 1)]


def batches_of(packets: Sequence[Packet]) -> list[Sequence[Packet]]:
    """Return packets in the batches that are downloaded one by one."""
    return [packets[start : start + MOST_AT_ONCE] for start in range(0, len(packets), MOST_AT_ONCE)]


def sizes_of(packets: Iterable[Packet]) -> dict[object, int]:
    """Return the bytes of the files of packets, by file."""
    return {each: file.copy_size_bytes or 0 for packet in packets for each, file in packet.files.items()}


def sheet_of(reviewer: Reviewer, packets: Iterable[Packet]) -> ScoreSheet:
    """Return the sheet of a reviewer's own scores of what is in some packets, as they stand now."""
    return ScoreSheet(
        slug=reviewer.call.slug,
        reviewer_id=reviewer.id,
        language=current_language(),
        call=said(reviewer.call.titles).text,
        rows=tuple(row for packet in packets for each in packet.assignments for row in _rows(each)),
    )


def taken_shown(done: TakenScores) -> TakenShown:
    """Return what became of a sheet, in the current language."""
    return TakenShown(
        taken=done.taken,
        unchanged=done.unchanged,
        touched=[
            TouchedShown(
                url_for("review.read", assignment_id=each.assignment.id, check=1, _anchor="scoring"),
                entry_called(each.assignment),
                ngettext("%(num)s thing is missing", "%(num)s things are missing", each.missing)
                if each.missing
                else _("Complete: look at it once more, and submit it"),
            )
            for each in done.touched
        ],
        problems=done.problems,
        differing=[_differing(each) for each in done.differing],
        given=json.dumps({_key(each): part_to_json(each.given) for each in done.differing}, ensure_ascii=False),
        seen=json.dumps({_key(each): part_mark(each.stored) for each in done.differing}),
    )


def _download(number: int, batch: Sequence[Packet]) -> DownloadShown:
    sizes = sizes_of(batch)
    inside = fitting(sizes)
    first = (number - 1) * MOST_AT_ONCE + 1
    return DownloadShown(
        number=number,
        words=_("Applications %(first)s to %(last)s", first=first, last=first + len(batch) - 1),
        megabytes=megabytes_text(sum(sizes[each] for each in inside)) if inside else "",
        left_out=len(sizes) - len(inside),
    )


def _rows(assignment: Assignment) -> list[ScoreRow]:
    review = assignment.review
    stored = shown_parts(review)
    is_open = assignment.status is not AssignmentStatus.REVIEWED or (review is not None and review.draft is not None)
    application, steps = entry_called(assignment), steps_in(assignment)
    asked = {each.key: each for each in parts_asked(assignment, stored)}
    questions = {COMMENT: _("Comment"), CONFIDENCE: _("How sure are you of your answers?")}
    meanings = {COMMENT: [str(COMMENT_HINT)], CONFIDENCE: []}
    for criterion in assignment.criteria:
        part = asked[field_name(criterion)]
        questions[criterion.code] = f"{said(criterion.labels)} ({part.weight})\n{part.question}"
        meanings[criterion.code] = [
            part.scale,
            *(f"{step}: {words}" for step, words in part.hints.items()),
            localised(criterion.comment_questions),
            str(part.comment_hint),
        ]
    closed = [] if is_open else [_("You submitted this. To change it, choose “Change your review” on its page first.")]
    return [
        ScoreRow(
            assignment_id=assignment.id,
            name=name,
            mark=part_mark(stored.get(name)),
            part=stored.get(name),
            application=application,
            question=questions[name],
            meaning="\n".join(filter(None, [*closed, *meanings[name]])),
            criterion=step,
            is_open=is_open,
            is_first=place == 0,
        )
        for place, (name, step) in enumerate(steps.items())
    ]


def _key(each: Differing) -> str:
    return f"{each.assignment.id}/{each.name}"


def _differing(each: Differing) -> DifferingShown:
    labels = {criterion.code: said(criterion.labels) for criterion in each.assignment.criteria}
    general = {COMMENT: Said(_("Comment")), CONFIDENCE: Said(_("How sure you are"))}
    return DifferingShown(
        key=_key(each),
        application=entry_called(each.assignment),
        label=(general | labels)[each.name],
        place=each.place,
        stored=part_lines(each.stored),
        given=part_lines(each.given),
    )
