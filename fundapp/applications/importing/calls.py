"""Loads a call package: makes the call, or brings it up to date."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.call_package import CallPackage
from fundapp.applications.form_definition import FormDefinition
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    CallStatus,
    Category,
    Criterion,
    DeadlineExtension,
    FormVersion,
    Programme,
    ProgrammeKind,
)
from fundapp.applications.services.protection import protect_with_call
from fundapp.applications.transitions import CALL
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.sealing import destroy, record_of
from fundapp.core.workflow import apply_transition


@dataclass
class LoadedCall:
    """What loading did: `changes` names the parts that are new or different (none: the package was loaded before)."""

    call: Call
    created: bool
    changes: list[str] = field(default_factory=list)

    def note(self, change: str) -> None:
        """Name a part that is different now; parts of a call that is made are not named one by one."""
        if not self.created and change not in self.changes:
            self.changes.append(change)


def load_call(*, package: CallPackage, actor: Actor, now: datetime) -> LoadedCall:
    """Make a call from a package and announce it, or bring it up to date; the same package again changes nothing.

    A form that has answers gets a new version, and old answers keep theirs. A deadline only ever moves later.
    Raises RuleViolations, and changes nothing, for what cannot change any more.
    """
    call = db.session.scalar(select(Call).where(Call.slug == package.slug).with_for_update())
    actor.require(P.CALL_LOAD, call.id if call else None)
    if call is not None and call.package_sha256 == package.sha256:
        return LoadedCall(call, created=False)
    _refuse_clashes(call, package)
    becomes_protected = call is not None and package.is_protected and not call.is_protected
    loaded = _created(package, now) if call is None else LoadedCall(call, created=False)
    _update(loaded, package, now)
    _update_deadline(loaded, package, actor)
    if becomes_protected:
        _protect_applications(loaded.call, actor, now)
    _update_parts(loaded, package)
    _update_form(loaded, package.form, now)
    _update_invitations(loaded, package, now)
    if loaded.created or "programme" in loaded.changes:
        record(actor=actor, action="programme:load", subject=loaded.call.programme, now=now, call_id=loaded.call.id)
    record(
        actor=actor,
        action="call:load",
        subject=loaded.call,
        now=now,
        call_id=loaded.call.id,
        data={"package_sha256": package.sha256, "changes": loaded.changes},
    )
    db.session.flush()
    if loaded.call.status is CallStatus.DRAFT:
        apply_transition(CALL, loaded.call, "publish", actor=actor, now=now, call_id=loaded.call.id)
    return loaded


def _created(package: CallPackage, now: datetime) -> LoadedCall:
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
        reviews_per_entry=package.reviews_per_entry,
        invitation_only=package.invitation_only,
        reference_prefix=package.reference_prefix,
        last_reference=0,
        award_terms={},
        retention_days={},
        package_sha256="",
        created_at=now,
    )
    db.session.add(call)
    db.session.flush()
    return LoadedCall(call, created=True, changes=["call"])


def _refuse_clashes(call: Call | None, package: CallPackage) -> None:
    """Raise RuleViolations with all that cannot stand beside other calls, or beside what people rely on by now."""
    problems = []
    namesake = db.session.scalar(select(Call.slug).where(Call.reference_prefix == package.reference_prefix))
    if namesake not in (None, package.slug):
        message = _l("The call %(call)s has this prefix already.", call=namesake)
        problems.append(Problem(message, place="call.toml, key call.reference_prefix"))
    kind = db.session.scalar(select(Programme.kind).where(Programme.slug == package.programme.slug))
    if kind not in (None, package.programme.kind):
        message = _l("The programme is there already, and it is of the other kind.")
        problems.append(Problem(message, place="call.toml, key programme.kind"))
    if call is not None:
        problems += _late_changes(call, package)
    if problems:
        raise RuleViolations(problems)


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
    if package.budget_minor < call.committed_minor:
        refuse(_l("More than this budget is committed already."))
    sent = db.session.scalar(
        select(exists().where(Application.call_id == call.id, Application.status != ApplicationStatus.DRAFT))
    )
    if sent and call.currency != package.currency:
        refuse(_l("Applications were sent; the currency cannot change."))
    if sent and _shape_of_categories(call.categories) != _shape_of_categories(package.categories):
        refuse(_l("Applications were sent; categories and their awards cannot change."))
    if sent and _shape_of_criteria(call.criteria) != _shape_of_criteria(package.criteria):
        refuse(_l("Applications were sent; criteria, weights and scales cannot change."))
    return problems


def _shape_of_categories(categories: Any) -> list[tuple[Any, ...]]:
    return [(each.code, each.awards, each.award_minor) for each in categories]


def _shape_of_criteria(criteria: Any) -> list[tuple[Any, ...]]:
    return [(each.code, each.weight, each.minimum, each.maximum) for each in criteria]


def _set(loaded: LoadedCall, target: Any, name: str, **values: Any) -> None:
    changed = {column: value for column, value in values.items() if getattr(target, column) != value}
    for column, value in changed.items():
        setattr(target, column, value)
    if changed:
        loaded.note(name)


def _update(loaded: LoadedCall, package: CallPackage, now: datetime) -> None:
    call = loaded.call
    _set(loaded, call.programme, "programme", titles=dict(package.programme.titles))
    _set(
        loaded,
        call,
        "call",
        titles=dict(package.titles),
        purposes=dict(package.purposes),
        languages=list(package.languages),
        time_zone=package.time_zone,
        currency=package.currency,
        budget_minor=package.budget_minor,
        ceiling_minor=package.ceiling_minor,
        reviews_per_entry=package.reviews_per_entry,
        max_categories=package.max_categories,
        invitation_only=package.invitation_only,
        reference_prefix=package.reference_prefix,
        award_terms=package.award_terms,
        retention_days=package.retention_days,
        is_sample=package.is_sample,
        is_protected=package.is_protected,
    )
    if now < call.opens_at:
        _set(loaded, call, "dates", opens_at=package.opens_at)
    call.package_sha256 = package.sha256


def _protect_applications(call: Call, actor: Actor, now: datetime) -> None:
    """Protect what was begun before its call became protected."""
    found = select(Application).where(Application.call_id == call.id, ~Application.is_protected)
    for application in list(db.session.scalars(found.order_by(Application.started_at))):
        protect_with_call(actor=actor, application=application, now=now)


def _update_deadline(loaded: LoadedCall, package: CallPackage, actor: Actor) -> None:
    """Follow the package's extensions; a later deadline that people were told meanwhile stays."""
    call = loaded.call
    for extension in package.extensions:
        if extension.closes_at <= call.closes_at:
            continue
        db.session.add(
            DeadlineExtension(
                call=call,
                closed_at_before=call.closes_at,
                closes_at=extension.closes_at,
                reasons=dict(extension.reasons),
                extended_by_id=actor.person_id,
                extended_at=extension.extended_at,
            )
        )
        _set(loaded, call, "dates", closes_at=extension.closes_at)
    if package.closes_at > call.closes_at:
        _set(loaded, call, "dates", closes_at=package.closes_at)


def _update_parts(loaded: LoadedCall, package: CallPackage) -> None:
    call = loaded.call
    categories = {category.code: category for category in call.categories}
    for position, read in enumerate(package.categories, 1):
        category = categories.pop(read.code, None)
        if category is None:
            category = Category(call=call, code=read.code, titles={}, descriptions={}, position=position)
            db.session.add(category)
        _set(
            loaded,
            category,
            "categories",
            titles=dict(read.titles),
            descriptions=dict(read.descriptions),
            awards=read.awards,
            award_minor=read.award_minor,
            position=position,
        )
    criteria = {criterion.code: criterion for criterion in call.criteria}
    for position, line in enumerate(package.criteria, 1):
        criterion = criteria.pop(line.code, None)
        if criterion is None:
            criterion = Criterion(call=call, code=line.code, labels={}, questions={}, anchors={}, position=position)
            db.session.add(criterion)
        _set(
            loaded,
            criterion,
            "criteria",
            labels=dict(line.labels),
            questions=dict(line.questions),
            weight=line.weight,
            minimum=line.minimum,
            maximum=line.maximum,
            anchors={step: dict(words) for step, words in line.anchors.items()},
            position=position,
        )
    # Nothing was sent yet when something is left here: `_late_changes` has seen to that.
    for left, name in ((categories, "categories"), (criteria, "criteria")):
        for part in left.values():
            db.session.delete(part)
            loaded.note(name)
    db.session.flush()
    db.session.expire(call, ["categories", "criteria", "extensions"])


def _update_form(loaded: LoadedCall, form: FormDefinition, now: datetime) -> None:
    call = loaded.call
    versions = list(
        db.session.scalars(select(FormVersion).where(FormVersion.call_id == call.id).order_by(FormVersion.number))
    )
    newest = versions[-1] if versions else None
    if newest is not None and newest.sha256 == form.fingerprint:
        return
    loaded.note("form")
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


def _update_invitations(loaded: LoadedCall, package: CallPackage, now: datetime) -> None:
    call = loaded.call
    known = {
        invitation.email: invitation
        for invitation in db.session.scalars(select(CallInvitation).where(CallInvitation.call_id == call.id))
    }
    for read in package.invitations:
        invitation = known.pop(read.email, None)
        if invitation is None:
            invitation = CallInvitation(call_id=call.id, email=read.email, organisation_name="", created_at=now)
            db.session.add(invitation)
        _set(loaded, invitation, "invitations", organisation_name=read.organisation_name)
    if known:
        # Somebody who has begun stays invited, whatever the new list says.
        begun = db.session.scalars(
            select(Person).join(Application, Application.person_id == Person.id).where(Application.call_id == call.id)
        )
        for person in begun:
            known.pop(person.email, None)
        for invitation in known.values():
            destroy(record_of(invitation), now)
            db.session.delete(invitation)
        if known:
            loaded.note("invitations")
