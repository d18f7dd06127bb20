"""What a proposal of the selection is made from: the entries with their merit, what they ask for, and their groups.

Groups come from what was sent, as the forms give it a meaning: region and theme, beside category and language.
What is sealed is not opened: a protected application is in no group of a region, and is not told apart by whether
its organisation was given something before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import aliased

from fundapp.applications.form_engine.definition import CHOICE_KINDS, FormDefinition, Question, Role
from fundapp.applications.models import Application, Call, Entry, FormVersion, Submission
from fundapp.core.db import db
from fundapp.review.models import Decision, Outcome, Slate, SlateStatus
from fundapp.review.profile_rules import folded
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, terms_set
from fundapp.review.slate import Ask, Pot, Terms
from fundapp.review.terms_rules import YES, GroupKind, WantedTerms, group_of

REST: Final = "rest"
"""The pot of what the other pots leave of the budget: it may pay for everything."""
MAX_VALUE_CHARACTERS: Final = 100

Groups = Mapping[UUID, frozenset[str]]
"""The groups of each entry, by its id."""


@dataclass(frozen=True)
class GroupCount:
    """How many entries are in a group, and what they ask for in minor units of the call's currency."""

    group: str
    entries: int
    asked_minor: int


def asks_of(found: Selection, groups: Groups | None = None) -> list[Ask]:
    """Return the eligible entries of a selection as proposals are made from them, in its order.

    `groups` are those of `groups_of`, where somebody read them before.

    Merit is the leading score; none has what was not tallied, what nothing says an amount of, and what can win nothing.
    Who stands last because of reviews that their people did not do keeps the score: only a floor is set against it.
    """
    rows = [row for row in found.ranked if row.is_eligible]
    groups = groups_of(found) if groups is None else groups
    return [
        Ask(
            entry_id=str(row.entry.id),
            merit=row.score if row.can_win and row.in_full_minor is not None else None,
            amount_minor=row.in_full_minor or 0,
            groups=groups[row.entry.id],
            pots=_pots_for(groups[row.entry.id], found.terms),
        )
        for row in rows
    ]


def awarded_asks(found: Selection, groups: Groups) -> list[Ask]:
    """Return the awards that are decided, with their amounts and leading scores, eligible still or not."""
    return [
        Ask(
            entry_id=str(row.entry.id),
            merit=row.score,
            amount_minor=row.decision.amount_minor,
            groups=groups[row.entry.id],
            pots=_pots_for(groups[row.entry.id], found.terms),
        )
        for row in found.ranked
        if row.decision is not None and row.decision.outcome is Outcome.AWARD
    ]


def terms_of(call: Call) -> Terms:
    """Return the terms of a call as proposals are made within them. What pots leave of the budget is a pot too."""
    return slate_terms(terms_set(call), budget_minor=call.budget_minor)


def slate_terms(wanted: WantedTerms, *, budget_minor: int) -> Terms:
    """Return terms as proposals are made within them."""
    rest = budget_minor - sum(pot.money_minor for pot in wanted.pots)
    pots = [Pot(pot.code, pot.money_minor) for pot in wanted.pots]
    if pots and rest > 0:
        pots.append(Pot(REST, rest))
    return Terms(
        budget_minor=budget_minor,
        places=wanted.places,
        rules=wanted.rules,
        pots=tuple(pots),
        floor=None if wanted.floor is None else float(wanted.floor),
    )


def groups_of(found: Selection) -> Groups:
    """Return the groups of each entry of a selection ("region:africa"), in a number of queries that is always the same.

    For the first time applies whose organisation was given nothing by a list of another call that was released before
    this one was sent. What protected applications were given, and what is hidden from whom the selection was made for,
    does not count.
    """
    rows = [row for row in found.ranked if row.is_eligible or row.decision is not None]
    regions, themes = _choices_of(found.call)
    given = _given_before(found) if rows else _Given(frozenset(), frozenset())
    answered = _themes(found, themes)
    return {
        row.entry.id: frozenset(group_of(kind, value) for kind, value in _groups(row, regions, given))
        | frozenset(group_of(GroupKind.THEME, theme) for theme in answered.get(row.entry.application_id, ()))
        for row in rows
    }


def group_counts(found: Selection) -> list[GroupCount]:
    """Return the groups that the entries of a selection are in, by name, with how many there are and their sum."""
    groups = groups_of(found)
    members: dict[str, list[int]] = {}
    for row in found.ranked:
        for group in groups[row.entry.id] if row.is_eligible else ():
            members.setdefault(group, []).append(row.in_full_minor or 0)
    return [GroupCount(group, len(amounts), sum(amounts)) for group, amounts in sorted(members.items())]


def choice_labels(call: Call) -> dict[str, Mapping[str, str]]:
    """Return what the groups of a call's regions, themes and categories are called, by group."""
    found: dict[str, Mapping[str, str]] = {}
    for kind, questions in ((GroupKind.REGION, _questions(call, Role.REGION)), (GroupKind.THEME, _themes_asked(call))):
        for question in questions:
            found |= {group_of(kind, choice.name): choice.label for choice in question.choices}
    return found | {group_of(GroupKind.CATEGORY, each.code): each.titles for each in call.categories}


def _pots_for(groups: frozenset[str], terms: WantedTerms) -> frozenset[str] | None:
    if not terms.pots:
        return None
    return frozenset({pot.code for pot in terms.pots if not pot.groups or groups & set(pot.groups)} | {REST})


@dataclass(frozen=True)
class _Given:
    """Whom released lists gave something before: organisations by id, and by the key of their name."""

    ids: frozenset[UUID]
    keys: frozenset[str]

    def has(self, application: Application) -> bool:
        return application.organisation_id in self.ids or application.organisation_key in self.keys


def _groups(row: Ranked, regions: frozenset[str], given: _Given) -> Iterable[tuple[GroupKind, str]]:
    application, category = row.entry.application, row.entry.category
    if category is not None:
        yield GroupKind.CATEGORY, category.code
    yield GroupKind.LANGUAGE, application.language
    if application.is_protected:
        return
    if region := application.region.strip():
        yield GroupKind.REGION, region if region in regions else folded(region)[:MAX_VALUE_CHARACTERS]
    if not given.has(application):
        yield GroupKind.FIRST_TIME, YES


def _given_before(found: Selection) -> _Given:
    """Return whom the lists of other calls gave something, as far as that may be seen.

    Those count that are released now, or were when this list was sent: what is sent does not become another's later.
    """
    sent_at = found.slate.proposed_at if found.slate else None
    rows = db.session.execute(
        select(Application.organisation_id, Application.organisation_key)
        .distinct()
        .select_from(Decision)
        .join(Decision.slate)
        .join(Decision.entry)
        .join(Entry.application)
        .where(
            Slate.call_id != found.call.id,
            Slate.status == SlateStatus.RELEASED,
            Slate.released_at <= sent_at if sent_at is not None else true(),
            Decision.outcome == Outcome.AWARD,
            ~Application.is_protected,
            found.visible,
        )
    ).all()
    return _Given(
        frozenset(organisation_id for organisation_id, _key in rows if organisation_id is not None),
        frozenset(key for _organisation_id, key in rows if key),
    )


def _themes(found: Selection, questions: Sequence[Question]) -> dict[UUID, frozenset[str]]:
    """Return the themes of each application among the choices of its form, as it was sent last."""
    newest = aliased(Submission)
    last = select(func.max(newest.number)).where(newest.application_id == Submission.application_id).scalar_subquery()
    by_name: dict[str, set[str]] = {}
    for question in questions:
        by_name.setdefault(question.name, set()).update(choice.name for choice in question.choices)
    themes: dict[UUID, frozenset[str]] = {}
    for name, choices in sorted(by_name.items()):
        rows = db.session.execute(
            select(Submission.application_id, Submission.answers[name])
            .join(Submission.application)
            .where(Application.call_id == found.call.id, Submission.number == last, found.visible)
        )
        for application_id, answer in rows:
            values = answer if isinstance(answer, list) else [answer]
            known = frozenset(value for value in values if isinstance(value, str) and value in choices)
            themes[application_id] = themes.get(application_id, frozenset()) | known
    return themes


def _choices_of(call: Call) -> tuple[frozenset[str], list[Question]]:
    regions = frozenset(choice.name for question in _questions(call, Role.REGION) for choice in question.choices)
    return regions, _themes_asked(call)


def _themes_asked(call: Call) -> list[Question]:
    """Return the questions for a theme that have choices: what is typed freely makes no groups."""
    return [question for question in _questions(call, Role.THEME) if question.kind in CHOICE_KINDS]


def _questions(call: Call, role: Role) -> list[Question]:
    definitions: Iterable[Mapping[str, Any]] = db.session.scalars(
        select(FormVersion.definition).where(FormVersion.call_id == call.id).order_by(FormVersion.number)
    )
    found = (FormDefinition.from_json(definition).with_role(role) for definition in definitions)
    return [question for question in found if question is not None]
