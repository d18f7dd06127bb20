"""The one place where what a call says is written down: a package and the pages both come here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.call_package import CallPackage, CriterionRead, ExtensionRead, StageRead
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    CallStatus,
    Category,
    Criterion,
    DeadlineExtension,
    Entry,
    FormPurpose,
    FormVersion,
    Programme,
    ProgrammeKind,
    ReviewPhase,
    Stage,
    StageKind,
)
from fundapp.applications.rules import CommentNeed
from fundapp.applications.services.protection import protect_with_call
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import destroy, record_of


class Way(StrEnum):
    """How a call comes to say something else; the record has it as the action."""

    LOADED = "call:load"
    MADE = "call:make"
    CLONED = "call:clone"
    WRITTEN = "call:write"


@dataclass
class WrittenCall:
    """What writing did: `changes` names the parts that are new or different (none: all stood there before)."""

    call: Call
    created: bool
    changes: list[str] = field(default_factory=list)

    def note(self, change: str) -> None:
        """Name a part that is different now; parts of a call that is made are not named one by one."""
        if not self.created and change not in self.changes:
            self.changes.append(change)


def write_call(*, call: Call | None, package: CallPackage, way: Way, actor: Actor, now: datetime) -> WrittenCall:
    """Make a call say what a package says, or make one (call None), as a draft; record it by its `way`.

    A form that has answers gets a new version, and old answers keep theirs. Once announced, a deadline only moves
    later. The caller has locked the call and checked the permission. Raises RuleViolations, and changes nothing, for
    what cannot change any more.
    """
    _refuse_clashes(call, package)
    becomes_protected = call is not None and package.is_protected and not call.is_protected
    written = _created(package, now) if call is None else WrittenCall(call, created=False)
    _update(written, package)
    _update_dates(written, package, actor, now)
    if becomes_protected:
        _protect_applications(written.call, actor, now)
    _update_parts(written, package)
    _update_form(written, package.form, now)
    _update_invitations(written, package, now)
    if written.created or "programme" in written.changes:
        record(actor=actor, action="programme:load", subject=written.call.programme, now=now, call_id=written.call.id)
    if written.changes:
        if package.sha256:
            written.call.package_sha256 = package.sha256
        record(
            actor=actor,
            action=way,
            subject=written.call,
            now=now,
            call_id=written.call.id,
            data={"changes": written.changes, "package_sha256": package.sha256},
        )
    db.session.flush()
    return written


def _created(package: CallPackage, now: datetime) -> WrittenCall:
    programme = db.session.scalar(select(Programme).where(Programme.slug == package.programme.slug))
    if programme is None:
        programme = Programme(
            slug=package.programme.slug,
            kind=ProgrammeKind(package.programme.kind),
            titles=dict(package.programme.titles),
        )
        db.session.add(programme)
    call = Call(
        programme=programme,
        slug=package.slug,
        titles={},
        purposes={},
        languages=[],
        time_zone=package.time_zone,
        opens_at=package.opens_at,
        closes_at=package.closes_at,
        currency=package.currency,
        budget_minor=package.budget_minor,
        committed_minor=0,
        invitation_only=package.invitation_only,
        reference_prefix=package.reference_prefix,
        last_reference=0,
        award_terms={},
        retention_days={},
        package_sha256="",
        created_at=now,
        stages=[_new_stage(read, position) for position, read in enumerate(package.stages, 1)],
    )
    db.session.add(call)
    db.session.flush()
    return WrittenCall(call, created=True, changes=["call"])


def _refuse_clashes(call: Call | None, package: CallPackage) -> None:
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
    if announced and any(move.is_early for move in _new_moves(call, package)):
        refuse(_l("A call is closed early on its page, where those who are writing are told."))
    if call.extensions and package.closes_at > max(call.closes_at, first_deadline(call)):
        refuse(
            _l("The deadline was moved before. Move it once more, with a reason, instead of changing the first one.")
        )
    begun = db.session.scalar(select(exists().where(Application.call_id == call.id)))
    if (announced or begun) and _impartiality(call) != _impartiality(package):
        refuse(_l("People applied, or may do so, by what the call says of applicants who review each other: it stays."))
    if package.budget_minor < call.committed_minor:
        refuse(_l("More than this budget is committed already."))
    sent = db.session.scalar(
        select(exists().where(Application.call_id == call.id, Application.status != ApplicationStatus.DRAFT))
    )
    if sent and call.currency != package.currency:
        refuse(_l("Applications were sent; the currency cannot change."))
    if sent and _shape_of_categories(call.categories) != _shape_of_categories(package.categories):
        refuse(_l("Applications were sent; categories and their awards cannot change."))
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


def _set(written: WrittenCall, target: Any, name: str, **values: Any) -> None:
    changed = {column: value for column, value in values.items() if getattr(target, column) != value}
    for column, value in changed.items():
        setattr(target, column, value)
    if changed:
        written.note(name)


def _update(written: WrittenCall, package: CallPackage) -> None:
    call = written.call
    # A programme keeps its name in the languages of its other calls.
    _set(written, call.programme, "programme", titles={**call.programme.titles, **package.programme.titles})
    _set(
        written,
        call,
        "call",
        titles=dict(package.titles),
        purposes=dict(package.purposes),
        languages=list(package.languages),
        time_zone=package.time_zone,
        currency=package.currency,
        budget_minor=package.budget_minor,
        ceiling_minor=package.ceiling_minor,
        max_categories=package.max_categories,
        invitation_only=package.invitation_only,
        reference_prefix=package.reference_prefix,
        award_terms=package.award_terms,
        retention_days=package.retention_days,
        is_sample=package.is_sample,
        is_protected=package.is_protected,
        nominations_open_at=package.nominations.opens_at if package.nominations else None,
        nominations_close_at=package.nominations.closes_at if package.nominations else None,
        barred_names=list(package.barred_names),
        barred_domains=list(package.barred_domains),
        bars_reviewers_organisation=package.bars_reviewers_organisation,
        applicants_review=package.applicants_review,
        is_impartial=package.is_impartial,
        undone_reviews=package.undone_reviews,
        reviewers_see=package.reviewers_see,
    )


def _protect_applications(call: Call, actor: Actor, now: datetime) -> None:
    """Protect what was begun before its call became protected."""
    found = select(Application).where(Application.call_id == call.id, ~Application.is_protected)
    for application in list(db.session.scalars(found.order_by(Application.started_at))):
        protect_with_call(actor=actor, application=application, now=now)


def first_deadline(call: Call) -> datetime:
    """Return the deadline that was announced first, before it was moved."""
    return call.extensions[0].closed_at_before if call.extensions else call.closes_at


def _new_moves(call: Call, package: CallPackage) -> list[ExtensionRead]:
    """Return the moves of the deadline that a package tells of and the call does not know."""
    known = {(each.closes_at, each.extended_at) for each in call.extensions}
    return [each for each in package.extensions if (each.closes_at, each.extended_at) not in known]


def _update_dates(written: WrittenCall, package: CallPackage, actor: Actor, now: datetime) -> None:
    """Follow the package's dates. Once announced, a later deadline that people were told meanwhile stays."""
    call = written.call
    is_draft, new_moves = call.status is CallStatus.DRAFT, _new_moves(call, package)
    dates = {}
    if is_draft or now < call.opens_at:
        dates["opens_at"] = package.opens_at
    if is_draft or package.closes_at > max(call.closes_at, first_deadline(call)):
        dates["closes_at"] = package.closes_at
    _set(written, call, "dates", **dates)
    for move in new_moves:
        if move.closes_at <= call.closes_at and not move.is_early:
            continue
        db.session.add(
            DeadlineExtension(
                call=call,
                closed_at_before=call.closes_at,
                closes_at=move.closes_at,
                reasons=dict(move.reasons),
                extended_by_id=actor.person_id,
                extended_at=move.extended_at,
            )
        )
        _set(written, call, "dates", closes_at=move.closes_at)


def _new_stage(read: StageRead, position: int) -> Stage:
    return Stage(code=read.code, position=position, kind=StageKind(read.kind), reviews_per_entry=read.reviews)


def _update_stages(written: WrittenCall, package: CallPackage) -> dict[str, Stage]:
    """Make the stages what the package says; return those that it leaves out."""
    call = written.call
    stages = {stage.code: stage for stage in call.stages}
    for position, read in enumerate(package.stages, 1):
        stage = stages.pop(read.code, None)
        if stage is None:
            stage = _new_stage(read, position)
            stage.call_id = call.id
            db.session.add(stage)
            written.note("stages")
        _set(
            written,
            stage,
            "stages",
            position=position,
            kind=StageKind(read.kind),
            titles=dict(read.titles),
            reviews_per_entry=read.reviews,
            review_minutes=read.review_minutes,
            asks_confidence=read.asks_confidence,
        )
    db.session.flush()
    db.session.expire(call, ["stages"])
    return stages


def _update_phases(written: WrittenCall, package: CallPackage) -> None:
    call = written.call
    known = db.session.scalars(select(ReviewPhase).where(ReviewPhase.call_id == call.id))
    phases = {phase.code: phase for phase in known}
    stages = {stage.code: stage for stage in call.stages}
    for position, read in enumerate(package.phases, 1):
        phase = phases.pop(read.code, None)
        if phase is None:
            phase = ReviewPhase(call_id=call.id, code=read.code)
            db.session.add(phase)
        _set(
            written,
            phase,
            "phases",
            stage_id=stages[read.stage].id,
            position=position,
            titles=dict(read.titles),
            starts_at=read.starts_at,
            ends_at=read.ends_at,
            may_score=read.may_score,
            others=read.others,
            shown_as=read.shown_as,
            may_discuss=read.may_discuss,
        )
    for left in phases.values():
        db.session.delete(left)
        written.note("phases")
    db.session.flush()
    for stage in stages.values():
        db.session.expire(stage, ["phases"])


def _update_parts(written: WrittenCall, package: CallPackage) -> None:
    call = written.call
    left_stages = _update_stages(written, package)
    _update_phases(written, package)
    stages = {stage.code: stage for stage in call.stages}
    categories = {category.code: category for category in call.categories}
    for position, read in enumerate(package.categories, 1):
        category = categories.pop(read.code, None)
        if category is None:
            category = Category(call=call, code=read.code, titles={}, descriptions={}, position=position)
            db.session.add(category)
        _set(
            written,
            category,
            "categories",
            titles=dict(read.titles),
            descriptions=dict(read.descriptions),
            awards=read.awards,
            award_minor=read.award_minor,
            position=position,
        )
    db.session.flush()
    category_ids = {
        each.code: each.id for each in db.session.scalars(select(Category).where(Category.call_id == call.id))
    }
    criteria = {criterion.code: criterion for criterion in call.criteria}
    for position, line in enumerate(package.criteria, 1):
        criterion = criteria.pop(line.code, None)
        if criterion is None:
            criterion = Criterion(
                call=call,
                stage=stages[line.stage],
                code=line.code,
                labels={},
                questions={},
                anchors={},
                position=position,
            )
            db.session.add(criterion)
        _set(
            written,
            criterion,
            "criteria",
            stage_id=stages[line.stage].id,
            labels=dict(line.labels),
            questions=dict(line.questions),
            weight=line.weight,
            minimum=line.minimum,
            maximum=line.maximum,
            step=line.step,
            category_id=category_ids.get(line.category),
            comment_questions=dict(line.comment_questions),
            comment_needed=CommentNeed(line.comment_needed),
            anchors={step: dict(words) for step, words in line.anchors.items()},
            position=position,
        )
    # Nothing was sent yet when something is left here: `_late_changes` has seen to that.
    for left, name in ((criteria, "criteria"), (left_stages, "stages"), (categories, "categories")):
        for part in left.values():
            db.session.delete(part)
            written.note(name)
        db.session.flush()
    db.session.expire(call, ["categories", "criteria", "extensions"])


def _update_form(written: WrittenCall, form: FormDefinition, now: datetime) -> None:
    call = written.call
    versions = list(
        db.session.scalars(
            select(FormVersion)
            .where(FormVersion.call_id == call.id, FormVersion.purpose == FormPurpose.APPLICATION)
            .order_by(FormVersion.number)
        )
    )
    newest = versions[-1] if versions else None
    if newest is not None and newest.sha256 == form.fingerprint:
        return
    written.note("form")
    number = newest.number + 1 if newest else 1
    if before := next((version for version in versions if version.sha256 == form.fingerprint), None):
        # The form goes back to what it was: the newest number is the one that new applications answer.
        before.number = number
    elif newest is not None and not _has_answers(newest):
        newest.definition, newest.sha256 = form.to_json(), form.fingerprint
    else:
        db.session.add(
            FormVersion(call=call, number=number, definition=form.to_json(), sha256=form.fingerprint, created_at=now)
        )
    db.session.flush()
    db.session.expire(call, ["form_versions"])


def _has_answers(version: FormVersion) -> bool:
    return bool(db.session.scalar(select(exists().where(Application.form_version_id == version.id))))


def _update_invitations(written: WrittenCall, package: CallPackage, now: datetime) -> None:
    call = written.call
    if package.invitations is None:
        return
    known = {
        invitation.email: invitation
        for invitation in db.session.scalars(select(CallInvitation).where(CallInvitation.call_id == call.id))
    }
    for read in package.invitations:
        invitation = known.pop(read.email, None)
        if invitation is None:
            invitation = CallInvitation(call_id=call.id, email=read.email, organisation_name="", created_at=now)
            db.session.add(invitation)
        _set(written, invitation, "invitations", organisation_name=read.organisation_name)
    if known:
        # Somebody who has begun, or was nominated, stays invited, whatever the new list says.
        begun = db.session.scalars(
            select(Person).join(Application, Application.person_id == Person.id).where(Application.call_id == call.id)
        )
        for person in begun:
            known.pop(person.email, None)
        known = {email: each for email, each in known.items() if not (each.application_id or each.nominee_id)}
        for invitation in known.values():
            destroy(record_of(invitation), now)
            db.session.delete(invitation)
        if known:
            written.note("invitations")
