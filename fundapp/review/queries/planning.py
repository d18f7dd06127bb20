"""What a plan of who reads what is made from."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.definition import FormDefinition, Question, Role
from fundapp.applications.models import Application, Call, Category, Entry, FormVersion, Stage
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.review.assignment import Bar, EntryNeed, Pair, ReviewerOffer
from fundapp.review.models import (
    Anchor,
    Assignment,
    AssignmentStatus,
    PairRuleKind,
    Plan,
    PlanStatus,
    Reviewer,
    ReviewerStatus,
)
from fundapp.review.plan_result import PlanResult
from fundapp.review.profile_rules import folded
from fundapp.review.queries.active import in_its_stage, is_active, is_on_panel
from fundapp.review.queries.barred import barred_pairs, ruled_pairs
from fundapp.review.queries.profiles import limits_at_once

PLAN_KIND: Final = "assignment_plan"


@dataclass(frozen=True)
class PlanningFacts:
    """Everything that a plan is made from, ids as text. Entries that the planner may not see stay as they are.

    `stored` are the assignments that were not begun, those included that a new conflict has made void; `current` those
    of them that count.
    """

    entries: list[EntryNeed]
    reviewers: list[ReviewerOffer]
    barred: dict[Pair, Bar]
    started: frozenset[Pair]
    pinned: frozenset[Pair]
    current: frozenset[Pair]
    stored: frozenset[Pair]
    hidden: frozenset[str]
    minutes: dict[str, int]
    """How long a review of each entry takes."""

    @property
    def sha256(self) -> str:
        """Return the hash of all that a plan follows from: another state, another hash."""
        lines = [
            *sorted(map(_line, self.entries)),
            *sorted(map(_line, self.reviewers)),
            *(f"{' '.join(pair)} {bar}" for pair, bar in sorted(self.barred.items())),
        ]
        for pairs in (self.started, self.pinned, self.stored):
            lines += ["--", *(" ".join(pair) for pair in sorted(pairs))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @cached_property
    def present(self) -> frozenset[Pair]:
        """Return the pairs that count now, among the entries that the planner may see."""
        return frozenset(pair for pair in self.started | self.current if pair.entry_id not in self.hidden)


def planning_facts(*, actor: Actor, call: Call, without: Collection[str] = ()) -> PlanningFacts:
    """Return what a plan is made from. Reviewers in `without` keep what they began and get nothing."""
    entries = db.session.execute(
        select(
            Entry.id,
            Application.reference,
            Application.language,
            Application.country,
            Application.region,
            Application.is_protected,
            Category.code,
            Category.titles,
            Stage.reviews_per_entry,
            Stage.review_minutes,
            Anchor.readers,
            visible_to(actor).label("is_visible"),
        )
        .join(Entry.application)
        .join(Entry.stage)
        .outerjoin(Entry.category)
        .outerjoin(Anchor, Anchor.entry_id == Entry.id)
        .where(Entry.call_id == call.id, goes_to_reviewers())
    ).all()
    stored: dict[Pair, tuple[AssignmentStatus, bool]] = {
        Pair(str(entry_id), str(reviewer_id)): (status, counts)
        for entry_id, reviewer_id, status, counts in db.session.execute(
            select(Assignment.entry_id, Assignment.reviewer_id, Assignment.status, is_active())
            .join(Assignment.reviewer)
            .join(Assignment.entry)
            .join(Entry.application)
            .where(Entry.call_id == call.id, in_its_stage())
        )
    }
    hidden = frozenset(str(row.id) for row in entries if not row.is_visible)
    present = {pair: status for pair, (status, counts) in stored.items() if counts}
    started = frozenset(
        pair for pair, status in present.items() if status is not AssignmentStatus.ASSIGNED or pair.entry_id in hidden
    )
    own_seats = {entry_id: sum(pair.entry_id == entry_id for pair in started) for entry_id in hidden}
    names = _choice_names(call)
    themes = _themes(call, names)
    reviewers = _offers(call)
    barred = barred_pairs(call)
    barred |= {Pair(str(row.id), each): Bar.SILENT for row in entries for each in without}
    return PlanningFacts(
        entries=[
            EntryNeed(
                id=str(row.id),
                seats=own_seats.get(str(row.id), row.readers or row.reviews_per_entry),
                language=row.language,
                regions=frozenset()
                if row.is_protected
                else _names_of(names.get(Role.REGION, {}), row.region) | _names_of({}, row.country),
                themes=(*themes.get(row.id, ()), *([_category_names(row.code, row.titles)] if row.code else ())),
                key=f"{row.reference} {row.code or ''}",
            )
            for row in entries
        ],
        reviewers=reviewers,
        barred={pair: bar for pair, bar in barred.items() if pair not in started},
        started=started,
        pinned=frozenset(pair for pair in ruled_pairs(call, PairRuleKind.PIN) if pair.entry_id not in hidden),
        current=frozenset(present) - started,
        stored=frozenset(
            pair
            for pair, (status, _) in stored.items()
            if status is AssignmentStatus.ASSIGNED and pair.entry_id not in hidden
        ),
        hidden=hidden,
        minutes={str(row.id): row.review_minutes for row in entries},
    )


def latest_plan(*, actor: Actor, call: Call) -> Plan | None:
    """Return the last plan that the actor asked for in a call: nobody applies what somebody else saw.

    A plan over what the actor has come to have a conflict of interest with is gone for them: its figures tell of it.
    What became eligible later is not in it, and so changes nothing.
    """
    plan = db.session.scalar(
        select(Plan)
        .where(Plan.call_id == call.id, Plan.requested_by_id == actor.person_id)
        .order_by(Plan.number.desc())
        .limit(1)
    )
    if plan is None or not plan.result:
        return plan
    hidden = db.session.scalars(
        select(Entry.id)
        .join(Entry.application)
        .where(
            Entry.call_id == call.id,
            goes_to_reviewers(),
            Application.eligibility_at <= plan.requested_at,
            ~visible_to(actor),
        )
    )
    return plan if {str(entry_id) for entry_id in hidden} <= PlanResult.from_json(plan.result).hidden else None


def last_applied(call: Call) -> Plan | None:
    """Return the plan that was applied last, whoever did it; an undone one counts as not applied."""
    return db.session.scalar(
        select(Plan)
        .where(Plan.call_id == call.id, Plan.applied_at.is_not(None), Plan.undone_at.is_(None))
        .order_by(Plan.applied_at.desc(), Plan.number.desc())
        .limit(1)
    )


def begun_of(call: Call, pairs: Iterable[Pair]) -> int:
    """Return how many of these pairs are more than given: begun, done, or stepped back from."""
    wanted = set(pairs)
    rows = db.session.execute(
        select(Assignment.entry_id, Assignment.reviewer_id)
        .join(Assignment.reviewer)
        .where(Reviewer.call_id == call.id, Assignment.status != AssignmentStatus.ASSIGNED)
    )
    return sum(Pair(str(entry_id), str(reviewer_id)) in wanted for entry_id, reviewer_id in rows)


def is_begun(plan: Plan) -> bool:
    """Say whether anything was begun of what a plan gave when it was applied."""
    if plan.status is not PlanStatus.APPLIED:
        return False
    return bool(begun_of(plan.call, PlanResult.from_json(plan.result).added))


def entry_to_read(*, actor: Actor, call: Call, entry_id: UUID) -> Entry:
    """Return an entry of a call that goes to reviewers. Raises NotFound for any other, and one that is hidden."""
    entry = db.session.scalar(
        select(Entry)
        .join(Entry.application)
        .where(Entry.id == entry_id, Entry.call_id == call.id, goes_to_reviewers(), visible_to(actor))
    )
    if entry is None:
        raise NotFound
    return entry


def reviewer_of(*, call: Call, reviewer_id: UUID) -> Reviewer:
    """Return a reviewer of a call. Raises NotFound."""
    reviewer = db.session.scalar(select(Reviewer).where(Reviewer.id == reviewer_id, Reviewer.call_id == call.id))
    if reviewer is None:
        raise NotFound
    return reviewer


def _offers(call: Call) -> list[ReviewerOffer]:
    limits = limits_at_once(call)  # none for whoever was taken off, and only finishes what they began
    people = db.session.execute(
        select(Reviewer, Person)
        .join(Reviewer.person)
        .where(Reviewer.call_id == call.id, or_(is_on_panel(), Reviewer.status == ReviewerStatus.REMOVED))
    )
    return [
        ReviewerOffer(
            id=str(reviewer.id),
            max_load=limits.get(reviewer.id, 0),
            languages=frozenset(reviewer.languages),
            regions=frozenset(reviewer.regions),
            themes=frozenset(reviewer.themes),
            is_experienced=reviewer.is_experienced,
            own_language=person.language,
            key=" ".join(person.sort_key),
        )
        for reviewer, person in people
    ]


def _line(each: EntryNeed | ReviewerOffer) -> str:
    """Return everything about one as a line that is the same in every process: sets are in order."""
    values = [getattr(each, name) for name in each.__dataclass_fields__]
    return repr([_ordered(value) for value in values])


def _ordered(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return [_ordered(each) for each in value] if isinstance(value, tuple) else value


def _choice_names(call: Call) -> dict[Role, dict[str, frozenset[str]]]:
    """Return under which names the choices of a call's forms for region and theme are known, by value."""
    names: dict[Role, dict[str, frozenset[str]]] = {}
    for question in _questions(call):
        known = names.setdefault(question.role, {}) if question.role else {}
        for choice in question.choices:
            known[choice.name] = _names_of({}, choice.name, *choice.label.values())
    return names


def _themes(call: Call, names: dict[Role, dict[str, frozenset[str]]]) -> dict[UUID, tuple[frozenset[str], ...]]:
    """Return the themes of each entry, as its application answers for them."""
    asked = {question.name for question in _questions(call) if question.role is Role.THEME}
    found: dict[UUID, tuple[frozenset[str], ...]] = {}
    for name in sorted(asked):
        rows = db.session.execute(
            select(Entry.id, Application.answers[name])
            .join(Entry.application)
            .where(Entry.call_id == call.id, goes_to_reviewers())
        )
        for entry_id, answer in rows:
            values = answer if isinstance(answer, list) else [answer]
            themes = [_names_of(names.get(Role.THEME, {}), value) for value in values if isinstance(value, str)]
            found[entry_id] = (*found.get(entry_id, ()), *(theme for theme in themes if theme))
    return found


def _questions(call: Call) -> list[Question]:
    definitions = db.session.scalars(select(FormVersion.definition).where(FormVersion.call_id == call.id))
    forms = [FormDefinition.from_json(definition) for definition in definitions]
    found = (form.with_role(role) for form in forms for role in (Role.REGION, Role.THEME))
    return [question for question in found if question is not None]


def _names_of(known: dict[str, frozenset[str]], *values: str) -> frozenset[str]:
    plain = frozenset(folded(value) for value in values if value)
    return plain.union(*(known.get(value, frozenset()) for value in values))


def _category_names(code: str, titles: dict[str, str]) -> frozenset[str]:
    return _names_of({}, code, *titles.values())
