"""What cannot be written into a call: what clashes with other calls, or with what people rely on by now."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select

from fundapp.applications.call_package import CallPackage, CriterionRead, ExtensionRead
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.further_papers import paper_problems
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallStatus,
    Criterion,
    Entry,
    Programme,
    Stage,
)
from fundapp.applications.rules import DeclinedGet
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


def refuse_clashes(call: Call | None, package: CallPackage) -> None:
    """Raise RuleViolations with all that cannot stand beside other calls, or beside what people rely on by now."""
    problems = []
    namesake = db.session.scalar(select(Call.slug).where(Call.reference_prefix == package.reference_prefix))
    if namesake not in (None, package.slug):
        message = _l("The call %(call)s has this prefix already.", call=namesake)
        problems.append(_problem("call.reference_prefix", message))
    kind = db.session.scalar(select(Programme.kind).where(Programme.slug == package.programme.slug))
    if kind not in (None, package.programme.kind):
        message = _l("The programme is there already, and it is of the other kind.")
        problems.append(_problem("programme.kind", message))
    if call is not None:
        problems += _late_changes(call, package)
        problems += _asked_before(call, package)
    elif db.session.scalar(select(exists().where(Call.slug == package.slug))):
        problems.append(_problem("call.slug", _l("There is a call of this name already.")))
    if problems:
        raise RuleViolations(problems)


def _problem(key: str, message: str) -> Problem:
    return Problem(message, field=key, place=f"call.toml, key {key}")


def _late_changes(call: Call, package: CallPackage) -> list[Problem]:
    """Return what people rely on by now and the package would change."""
    problems = []

    def refuse(message: str) -> None:
        problems.append(Problem(message, place=f"call {call.slug}"))

    if call.status is CallStatus.DECIDED:
        refuse(_l("This call is decided; its package cannot change any more."))
    if call.programme.slug != package.programme.slug:
        refuse(_l("A call stays in its programme."))
    if call.last_reference and call.reference_prefix != package.reference_prefix:
        refuse(_l("References were given out; their prefix cannot change."))
    if call.is_protected and not package.is_protected:
        held = select(exists().where(Application.call_id == call.id, Application.is_protected))
        if db.session.scalar(held):
            refuse(_l("It holds protected applications: two people have to end the protection of each of them first."))
    announced = call.status is not CallStatus.DRAFT
    if announced and any(move.is_early for move in new_moves(call, package)):
        refuse(_l("A call is closed early on its page, where those who are writing are told."))
    if call.extensions and package.closes_at > max(call.closes_at, first_deadline(call)):
        refuse(
            _l("The deadline was moved before. Move it once more, with a reason, instead of changing the first one.")
        )
    begun = db.session.scalar(select(exists().where(Application.call_id == call.id)))
    if (announced or begun) and _impartiality(call) != _impartiality(package):
        refuse(_l("People applied, or may do so, by what the call says of applicants who review each other: it stays."))
    promises = list(DeclinedGet)
    if announced and promises.index(package.declined_get) < promises.index(call.declined_get):
        refuse(_l("People applied, or may do so, by what the call promises to those who are declined: not less."))
    if package.budget_minor < call.committed_minor:
        refuse(_l("More than this budget is committed already."))
    sent = db.session.scalar(
        select(exists().where(Application.call_id == call.id, Application.status != ApplicationStatus.DRAFT))
    )
    if sent and call.currency != package.currency:
        refuse(_l("Applications were sent; the currency cannot change."))
    if sent and _shape_of_categories(call.categories) != _shape_of_categories(package.categories):
        refuse(_l("Applications were sent; categories and their awards cannot change."))
    if sent and call.is_impartial and call.ceiling_minor != package.ceiling_minor:
        refuse(_l("Applicants review each other, and applications were sent: the ceiling cannot change."))
    if sent:
        begun = stages_begun(call)
        stays = [(each.code, each.kind) for each in package.stages][: len(begun)]
        if [(each.code, each.kind) for each in begun] != stays:
            refuse(_l("Entries stand in a stage; it keeps its place and its kind, and new stages come after it."))
        if gone := {each.code for each in call.stages} - {each.code for each in package.stages}:
            message = _l("Applications were sent; the stage “%(stage)s” cannot be taken out.", stage=min(gone))
            refuse(message)
        fixed = {each.code for each in begun}
        if _shape_of_criteria(call.criteria, fixed) != _shape_of_criteria(package.criteria, fixed):
            refuse(_l("Applications were sent; criteria, weights and scales cannot change."))
    return problems


def _asked_before(call: Call, package: CallPackage) -> list[Problem]:
    """Return what papers ask that an earlier form for applying asked: its answers would be written over."""
    earlier = [FormDefinition.from_json(each.definition) for each in call.form_versions]
    return [
        replace(problem, field=f"stages.{stage}.papers", place=f"papers of {stage}, {problem.place}")
        for stage, form in package.papers.items()
        for problem in paper_problems(form, earlier)
    ]


def _impartiality(said: Call | CallPackage) -> tuple[object, ...]:
    return said.is_impartial, said.undone_reviews


def _shape_of_categories(categories: Any) -> list[tuple[Any, ...]]:
    return [(each.code, each.awards, each.award_minor) for each in categories]


def stages_begun(call: Call) -> list[Stage]:
    """Return the stages up to the furthest in which an entry stands: what is asked there stands fast."""
    reached = db.session.scalar(
        select(func.max(Stage.position)).join(Entry, Entry.stage_id == Stage.id).where(Stage.call_id == call.id)
    )
    return [stage for stage in call.stages if stage.position <= (reached or 0)]


def _shape_of_criteria(criteria: Any, stages: Collection[str]) -> list[tuple[Any, ...]]:
    return [
        (_stage_code(each), each.code, each.weight, each.minimum, each.maximum, each.step, _category_code(each))
        for each in criteria
        if _stage_code(each) in stages
    ]


def _stage_code(criterion: Criterion | CriterionRead) -> str:
    return criterion.stage.code if isinstance(criterion, Criterion) else criterion.stage


def _category_code(criterion: Criterion | CriterionRead) -> str:
    if isinstance(criterion, CriterionRead):
        return criterion.category
    return next((each.code for each in criterion.call.categories if each.id == criterion.category_id), "")


def first_deadline(call: Call) -> datetime:
    """Return the deadline that was announced first, before it was moved."""
    return call.extensions[0].closed_at_before if call.extensions else call.closes_at


def new_moves(call: Call, package: CallPackage) -> list[ExtensionRead]:
    """Return the moves of the deadline that a package tells of and the call does not know."""
    known = {(each.closes_at, each.extended_at) for each in call.extensions}
    return [each for each in package.extensions if (each.closes_at, each.extended_at) not in known]
