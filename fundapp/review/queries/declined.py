"""What is chosen of the reviews for those who are declined: the list of entries, one of them, and what letters tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, system_actor
from fundapp.applications.models import Call, Criterion, Entry
from fundapp.applications.rules import DeclinedGet
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.declined_rules import Found, Piece, names_in
from fundapp.review.models import DeclinedComment, Outcome, Review, Reviewer
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, reviews_by_entry, reviews_of, selection, whole_selection
from fundapp.review.scores_in_text import scores_in


@dataclass(frozen=True)
class Declined:
    """An entry without an award, with what is kept for its people to read; None: nothing yet."""

    row: Ranked
    comment: DeclinedComment | None


@dataclass(frozen=True)
class CriterionMean:
    """The mean of what reviewers gave for a criterion; None where nobody could judge it."""

    criterion: Criterion
    mean: Fraction | None


@dataclass(frozen=True)
class PassedOn:
    """What a declined applicant reads of the reviews; "" and nothing where nothing is passed on."""

    text: str = ""
    language: str = ""
    means: Sequence[CriterionMean] = ()


NOTHING_PASSED_ON: Final = PassedOn()


def declined_entries(*, actor: Actor, call: Call) -> list[Declined]:
    """Return the entries that are decided without an award, of those that the actor may see, by rank."""
    found = selection(actor=actor, call=call)
    comments = {
        comment.entry_id: comment
        for comment in db.session.scalars(
            select(DeclinedComment)
            .join(DeclinedComment.entry)
            .join(Entry.application)
            .where(Entry.call_id == call.id, visible_to(actor))
        )
    }
    return [Declined(row, comments.get(row.entry.id)) for row in _without_award(found)]


def declined_entry(*, actor: Actor, call: Call, entry_id: UUID) -> Declined:
    """Return one of them. Raises NotFound."""
    found = next((each for each in declined_entries(actor=actor, call=call) if each.row.entry.id == entry_id), None)
    if found is None:
        raise NotFound
    return found


def pieces_of(*, actor: Actor, entry: Entry) -> list[list[Piece]]:
    """Return what reviewers wrote of an entry, reviewer by reviewer; nobody who wrote nothing is among them."""
    pieces = []
    for review in reviews_of(actor=actor, entry=entry):
        scores = sorted(review.scores, key=lambda score: score.criterion.position)
        written = [
            *((score.criterion.code, score.comment) for score in scores),
            ("", review.comment),
        ]
        found = [Piece(str(review.id), code, text) for code, text in written if text.strip()]
        if found:
            pieces.append(found)
    return pieces


def found_in(call: Call, text: str) -> Found:
    """Return what a text for declined applicants has in it that the call did not promise them.

    Names of its reviewers are never promised; scores are where it promised those too.
    """
    people = db.session.scalars(
        select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.call_id == call.id)
    )
    names = names_in(text, (person.name for person in people))
    if call.declined_get is DeclinedGet.SCORES:
        return Found(names)
    maxima = [criterion.maximum for criterion in call.criteria]
    criteria = [label for criterion in call.criteria for label in criterion.labels.values()]
    return Found(names, scores_in(text, maxima=maxima, criteria=criteria))


def lacks_comments(call: Call) -> bool:
    """Say whether anything on the whole list is declined without the text that the call promised."""
    if call.declined_get is DeclinedGet.NOTHING:
        return False
    kept = set(
        db.session.scalars(select(DeclinedComment.entry_id).join(DeclinedComment.entry).where(Entry.call_id == call.id))
    )
    return any(row.entry.id not in kept for row in _without_award(whole_selection(call=call)))


def passed_on(entry: Entry) -> PassedOn:
    """Return what the letter of a declined entry tells of its reviews, by what its call promised: for the worker."""
    return passed_on_by_entry(db.session.get_one(Call, entry.call_id), [entry])[entry.id]


def passed_on_by_entry(call: Call, entries: Sequence[Entry]) -> Mapping[UUID, PassedOn]:
    """Return the same for each of several entries of a call, by their ids."""
    if call.declined_get is DeclinedGet.NOTHING:
        return {entry.id: NOTHING_PASSED_ON for entry in entries}
    ids = [entry.id for entry in entries]
    kept = db.session.scalars(select(DeclinedComment).where(DeclinedComment.entry_id.in_(ids)))
    comments = {comment.entry_id: comment for comment in kept}
    reviews: Mapping[UUID, Sequence[Review]] = {}
    if call.declined_get is DeclinedGet.SCORES:
        reviews = reviews_by_entry(actor=system_actor(), call=call, entries=entries)
    found = {}
    for entry in entries:
        comment = comments.get(entry.id)
        means = _means(call, entry, reviews[entry.id]) if reviews else ()
        if comment is None or not comment.passes_on:
            found[entry.id] = PassedOn(means=means)
        else:
            found[entry.id] = PassedOn(comment.text, comment.language, means)
    return found


def _without_award(found: Selection) -> list[Ranked]:
    return [row for row in found.ranked if row.decision is not None and row.decision.outcome is not Outcome.AWARD]


def _means(call: Call, entry: Entry, reviews: Sequence[Review]) -> list[CriterionMean]:
    """Return the mean of each criterion that the deciding stage asks of an entry, in order."""
    given: dict[UUID, list[Fraction]] = {
        criterion.id: []
        for criterion in call.deciding_stage.criteria
        if criterion.category_id in (None, entry.category_id)
    }
    for review in reviews:
        for score in review.scores:
            if score.value is not None and score.criterion_id in given:
                given[score.criterion_id].append(Fraction(score.value))
    return [
        CriterionMean(criterion, sum(values, Fraction()) / len(values) if (values := given[criterion.id]) else None)
        for criterion in call.deciding_stage.criteria
        if criterion.id in given
    ]
