"""What reviewers said of an entry, for each other and for those who run the call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

from markupsafe import Markup

from fundapp.accounts.models import Person
from fundapp.applications.models import Call, Criterion, Entry, ReviewPhase
from fundapp.applications.phase_rules import PhaseLike, ShownAs, active_phase
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.review.discussion_rules import alias_of
from fundapp.review.models import Assignment, DiscussionPost, Score
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.discussion import Versions


@dataclass(frozen=True)
class ScoreShown:
    """One answer of a review; `before` are the values that it had in earlier versions, the oldest first."""

    label: Said
    value: str
    comment: str
    before: Sequence[str]


@dataclass(frozen=True)
class ReviewSeen:
    """A submitted review. `changed` is set where it was submitted more than once."""

    who: Said
    is_own: bool
    scores: Sequence[ScoreShown]
    comment: str
    submitted: Moment
    changed: str


@dataclass(frozen=True)
class PostShown:
    """A contribution to a discussion; its text is empty once it was erased."""

    who: Said
    is_own: bool
    to: Sequence[Said]
    is_for_reader: bool
    text: str
    posted: Moment


@dataclass(frozen=True)
class PhaseShown:
    """A phase of a stage, in words."""

    title: Said
    starts: Moment
    ends: Moment
    is_active: bool
    rights: Sequence[str]


class Names:
    """How people of one entry are called before a reader: by name or alias, themselves as “You”.

    The words of aliases are English in all languages, and are marked so.
    """

    def __init__(self, reader_id: UUID | None, shown_as: ShownAs) -> None:
        self._reader_id, self._shown_as = reader_id, shown_as

    def of(self, assignment: Assignment) -> Said:
        """Return how a reviewer of the entry is called."""
        person = assignment.reviewer.person
        if person.id == self._reader_id:
            return Said(_("You"))
        return _name(person) if self._shown_as is ShownAs.NAMES else _alias(assignment.id)

    def of_author(self, post: DiscussionPost) -> Said:
        """Return how whoever wrote a contribution is called."""
        if post.author_id == self._reader_id:
            return Said(_("You"))
        if self._shown_as is ShownAs.NAMES:
            return _name(post.author)
        if post.assignment_id is None:
            return Said(_("Somebody who runs the call"))
        return _alias(post.assignment_id)


def reviews_seen(found: Sequence[Versions], names: Names, reader_id: UUID | None, call: Call) -> list[ReviewSeen]:
    """Return submitted reviews with their earlier values; the reader's own comes first."""
    shown = [
        ReviewSeen(
            who=names.of(each.review.assignment),
            is_own=each.review.assignment.reviewer.person_id == reader_id,
            scores=[_score_shown(score, each.contents) for score in _in_order(each.review.scores)],
            comment=each.review.comment,
            submitted=moment(_submitted(each.review.submitted_at), call.time_zone),
            changed=_changed(each.contents),
        )
        for each in found
    ]
    return sorted(shown, key=lambda each: not each.is_own)


def posts_shown(posts: Sequence[DiscussionPost], names: Names, reader_id: UUID | None, call: Call) -> list[PostShown]:
    """Return the contributions to a discussion in the order of time."""
    return [
        PostShown(
            who=names.of_author(post),
            is_own=post.author_id == reader_id,
            to=sorted((names.of(each.assignment) for each in post.mentions), key=str),
            is_for_reader=any(each.assignment.reviewer.person_id == reader_id for each in post.mentions),
            text=post.text,
            posted=moment(post.posted_at, call.time_zone),
        )
        for post in posts
    ]


def can_be_addressed(readers: Sequence[Assignment], names: Names, reader_id: UUID | None) -> list[tuple[str, str]]:
    """Return the other readers of the entry, each by alias with how they are called here."""
    others = [each for each in readers if each.reviewer.person_id != reader_id]
    return sorted(((alias_of(each.id), _marked(names.of(each))) for each in others), key=lambda pair: pair[1])


def phases_shown(phases: Sequence[ReviewPhase], call: Call, now: datetime) -> list[PhaseShown]:
    """Return the phases of a stage in words, by their dates."""
    active = active_phase(phases, now)
    return [
        PhaseShown(
            title=said(phase.titles),
            starts=moment(phase.starts_at, call.time_zone),
            ends=moment(phase.ends_at, call.time_zone),
            is_active=phase is active,
            rights=rights_in_words(phase),
        )
        for phase in phases
    ]


def rights_in_words(phase: PhaseLike) -> list[str]:
    """Say what reviewers do in a phase."""
    words = [_("You score, and can change your scores.") if phase.may_score else _("Scores stand fast.")]
    words.append(
        {
            "never": _("Nobody sees what the others said."),
            "after_own": _("Once you have submitted your own review of an application, you see what the others said."),
            "always": _("You see what the others said."),
        }[phase.others.value]
    )
    if phase.may_discuss:
        words.append(_("You discuss it with them in writing."))
    return words


def entry_title(entry: Entry) -> Said | None:
    """Return the name of an entry's category, or None."""
    return said(entry.category.titles) if entry.category else None


def _name(person: Person) -> Said:
    return Said(person.name or person.email)


def _alias(assignment_id: UUID) -> Said:
    return Said(alias_of(assignment_id), lang="en")


def _marked(who: Said) -> str:
    """Return what somebody is called, for the label of a field, with its language."""
    return Markup('<span lang="{}">{}</span>').format(who.lang, who.text) if who.lang else who.text


def _in_order(scores: Sequence[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: score.criterion.position)


def _score_shown(score: Score, contents: Sequence[Mapping[str, Any]]) -> ScoreShown:
    values = [_kept_value(content, score.criterion) for content in contents[:-1]]
    now = _value(score.value)
    before = [value for value, after in pairwise([*values, now]) if value and value != after]
    return ScoreShown(said(score.criterion.labels), now, score.comment or score.reason, before)


def _kept_value(content: Mapping[str, Any], criterion: Criterion) -> str:
    kept = content["scores"].get(str(criterion.id))
    return "" if kept is None else _value(None if kept["value"] is None else Decimal(str(kept["value"])))


def _value(value: Decimal | int | None) -> str:
    if value is None:
        return _("Cannot judge")
    exact = Fraction(value)
    return figure(exact, 0 if exact.denominator == 1 else 2)


def _submitted(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("only submitted reviews are shown to others")
    return at


def _changed(contents: Sequence[object]) -> str:
    return _("Changed after it was first submitted") if len(contents) > 1 else ""
