"""Writes the parts of a call as a package says them: stages, phases, categories, criteria, form, invitations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from fundapp.accounts.models import Person
from fundapp.applications.call_package import CallPackage, StageRead
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import (
    Application,
    Call,
    CallInvitation,
    Category,
    Criterion,
    FormPurpose,
    FormVersion,
    ReviewPhase,
    Stage,
    StageKind,
)
from fundapp.applications.rules import CommentNeed
from fundapp.core.db import db
from fundapp.core.sealing import destroy, record_of


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


def write_values(written: WrittenCall, target: Any, name: str, **values: Any) -> None:
    """Give a row its values, and note the part by its name where one of them is different now."""
    changed = {column: value for column, value in values.items() if getattr(target, column) != value}
    for column, value in changed.items():
        setattr(target, column, value)
    if changed:
        written.note(name)


def new_stage(read: StageRead, position: int) -> Stage:
    """Return a stage that stands at a position, still without its texts."""
    return Stage(code=read.code, position=position, kind=StageKind(read.kind), reviews_per_entry=read.reviews)


def _write_stages(written: WrittenCall, package: CallPackage) -> dict[str, Stage]:
    """Make the stages what the package says; return those that it leaves out."""
    call = written.call
    stages = {stage.code: stage for stage in call.stages}
    for position, read in enumerate(package.stages, 1):
        stage = stages.pop(read.code, None)
        if stage is None:
            stage = new_stage(read, position)
            stage.call_id = call.id
            db.session.add(stage)
            written.note("stages")
        write_values(
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


def _write_phases(written: WrittenCall, package: CallPackage) -> None:
    call = written.call
    known = db.session.scalars(select(ReviewPhase).where(ReviewPhase.call_id == call.id))
    phases = {phase.code: phase for phase in known}
    stages = {stage.code: stage for stage in call.stages}
    for position, read in enumerate(package.phases, 1):
        phase = phases.pop(read.code, None)
        if phase is None:
            phase = ReviewPhase(call_id=call.id, code=read.code)
            db.session.add(phase)
        write_values(
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


def write_parts(written: WrittenCall, package: CallPackage) -> None:
    """Make stages, phases, categories and criteria what the package says."""
    call = written.call
    left_stages = _write_stages(written, package)
    _write_phases(written, package)
    stages = {stage.code: stage for stage in call.stages}
    categories = {category.code: category for category in call.categories}
    for position, read in enumerate(package.categories, 1):
        category = categories.pop(read.code, None)
        if category is None:
            category = Category(call=call, code=read.code, titles={}, descriptions={}, position=position)
            db.session.add(category)
        write_values(
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
        write_values(
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
    # Nothing was sent yet when something is left here: `refuse_clashes` has seen to that.
    for left, name in ((criteria, "criteria"), (left_stages, "stages"), (categories, "categories")):
        for part in left.values():
            db.session.delete(part)
            written.note(name)
        db.session.flush()
    db.session.expire(call, ["categories", "criteria", "extensions"])


def write_form(written: WrittenCall, form: FormDefinition, now: datetime) -> None:
    """Make the newest version of the form what the package says; a version that has answers stays beside it."""
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


def write_invitations(written: WrittenCall, package: CallPackage, now: datetime) -> None:
    """Make the list of those who are invited what the package says; one that says nothing of it changes nothing."""
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
        write_values(written, invitation, "invitations", organisation_name=read.organisation_name)
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
