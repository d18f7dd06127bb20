"""The one place where what a call says is written down: a package and the pages both come here."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.call_package import CallPackage
from fundapp.applications.models import (
    Application,
    Call,
    CallStatus,
    DeadlineExtension,
    Programme,
    ProgrammeKind,
)
from fundapp.applications.services.call_clashes import first_deadline, new_moves, refuse_clashes
from fundapp.applications.services.call_parts import (
    WrittenCall,
    new_stage,
    write_form,
    write_invitations,
    write_parts,
    write_values,
)
from fundapp.applications.services.papers import put_papers
from fundapp.applications.services.protection import protect_with_call
from fundapp.core.audit import record
from fundapp.core.db import db


class Way(StrEnum):
    """How a call comes to say something else; the record has it as the action."""

    LOADED = "call:load"
    MADE = "call:make"
    CLONED = "call:clone"
    WRITTEN = "call:write"


def write_call(*, call: Call | None, package: CallPackage, way: Way, actor: Actor, now: datetime) -> WrittenCall:
    """Make a call say what a package says, or make one (call None), as a draft; record it by its `way`.

    A form that has answers gets a new version, and old answers keep theirs. Once announced, a deadline only moves
    later. The caller has locked the call and checked the permission. Raises RuleViolations, and changes nothing, for
    what cannot change any more.
    """
    refuse_clashes(call, package)
    becomes_protected = call is not None and package.is_protected and not call.is_protected
    written = _created(package, now) if call is None else WrittenCall(call, created=False)
    _update_call(written, package)
    _update_dates(written, package, actor, now)
    if becomes_protected:
        _protect_applications(written.call, actor, now)
    write_parts(written, package)
    write_form(written, package.form, now)
    _write_papers(written, package, actor, now)
    write_invitations(written, package, now)
    for each in package.further:
        if each.part.put(actor=actor, call=written.call, value=each.value, now=now):
            written.note(each.part.key)
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


def _write_papers(written: WrittenCall, package: CallPackage, actor: Actor, now: datetime) -> None:
    for stage in written.call.stages:
        form = package.papers.get(stage.code)
        if form is not None and (stage.papers is None or stage.papers.sha256 != form.fingerprint):
            put_papers(actor=actor, stage=stage, form=form, now=now)
            written.note("papers")


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
        stages=[new_stage(read, position) for position, read in enumerate(package.stages, 1)],
    )
    db.session.add(call)
    db.session.flush()
    return WrittenCall(call, created=True, changes=["call"])


def _update_call(written: WrittenCall, package: CallPackage) -> None:
    call = written.call
    # A programme keeps its name in the languages of its other calls.
    write_values(written, call.programme, "programme", titles={**call.programme.titles, **package.programme.titles})
    write_values(
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
        declined_get=package.declined_get,
        offers_next_call=package.offers_next_call,
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


def _update_dates(written: WrittenCall, package: CallPackage, actor: Actor, now: datetime) -> None:
    """Follow the package's dates. Once announced, a later deadline that people were told meanwhile stays."""
    call = written.call
    is_draft, moves = call.status is CallStatus.DRAFT, new_moves(call, package)
    dates = {}
    if is_draft or now < call.opens_at:
        dates["opens_at"] = package.opens_at
    if is_draft or package.closes_at > max(call.closes_at, first_deadline(call)):
        dates["closes_at"] = package.closes_at
    write_values(written, call, "dates", **dates)
    for move in moves:
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
        write_values(written, call, "dates", closes_at=move.closes_at)
