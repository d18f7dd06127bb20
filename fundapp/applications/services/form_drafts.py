"""The working copy of a call's form: managers write it on pages, and put it into use when it is whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.call_package import document_of, read_document
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_writing.checking import checked
from fundapp.applications.form_writing.working_form import WorkingForm
from fundapp.applications.models import Call, FormDraft, FormDraftStep
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services.writing_calls import FORM_PATH, change_call, seen_of
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MOST_STEPS: Final = 20
"""So many changes can be undone."""


def draft_of(call: Call) -> FormDraft | None:
    """Return the working copy of a call's form, if one was begun."""
    return db.session.scalar(select(FormDraft).where(FormDraft.call_id == call.id))


def working_of(draft: FormDraft, call: Call) -> WorkingForm:
    """Return what a working copy says, with room for every language that the call has now."""
    working = WorkingForm.from_json(draft.working)
    return replace(working, languages=tuple(dict.fromkeys([*call.languages, *working.languages])))


def steps_of(draft: FormDraft) -> int:
    """Return how many changes can be undone."""
    counted = select(func.count()).where(FormDraftStep.form_draft_id == draft.id)
    return db.session.scalar(counted) or 0


def seen_in_use(call: Call) -> str:
    """Return what a page remembers of the form in use."""
    package = package_of(call)
    return seen_of(document_of(package), package.form, [FORM_PATH])


def begin(*, actor: Actor, call: Call, working: WorkingForm, now: datetime) -> FormDraft:
    """Begin a working copy, or put another one in its place, which can be undone. Raises NotAllowed."""
    actor.require(P.CALL_WRITE, call.id)
    draft = _locked(call)
    if draft is None:
        draft = FormDraft(
            call_id=call.id, working=working.to_json(), begun_from=seen_in_use(call), changed_at=now, version=1
        )
        draft.changed_by_id = actor.person_id
        db.session.add(draft)
        db.session.flush()
    else:
        _write(draft, working, actor, now)
    record(actor=actor, action="form:begin", subject=call, now=now, call_id=call.id)
    return draft


def change(*, actor: Actor, call: Call, edit: Callable[[WorkingForm], WorkingForm], now: datetime) -> WorkingForm:
    """Change the working copy as it stands, whoever changed it last; nothing is stored when it stays the same.

    Raises Conflict when there is none any more, what `edit` raises, and NotAllowed.
    """
    actor.require(P.CALL_WRITE, call.id)
    draft = _required(call)
    before = working_of(draft, call)
    after = edit(before)
    if after != before:
        _write(draft, after, actor, now)
        record(actor=actor, action="form:write", subject=call, now=now, call_id=call.id)
    return after


def undo(*, actor: Actor, call: Call, seen_version: int, now: datetime) -> None:
    """Take the last change back. Raises Conflict when it is not the one that was seen, or none is left."""
    actor.require(P.CALL_WRITE, call.id)
    draft = _required(call)
    last = db.session.scalar(
        select(FormDraftStep)
        .where(FormDraftStep.form_draft_id == draft.id)
        .order_by(FormDraftStep.number.desc())
        .limit(1)
    )
    if last is None:
        raise Conflict(_l("There is nothing left to undo."))
    if draft.version != seen_version:
        raise Conflict(_l("Somebody changed the form after you opened this page. Look at it again, then undo."))
    _set(draft, last.working, actor, now)
    db.session.delete(last)
    db.session.flush()
    record(actor=actor, action="form:undo", subject=call, now=now, call_id=call.id)


def drop(*, actor: Actor, call: Call, seen_version: int, now: datetime) -> None:
    """Throw the working copy away. Raises Conflict when it is not the one that was seen."""
    actor.require(P.CALL_WRITE, call.id)
    draft = _required(call)
    if draft.version != seen_version:
        raise Conflict(_l("Somebody changed the form after you opened this page. Look at it again first."))
    _drop(draft, actor, call, now)


def put_into_use(*, actor: Actor, call: Call, seen_version: int, replacing: str, now: datetime) -> FormDefinition:
    """Let the working copy be the form that is asked from now on; answers that were begun keep theirs.

    `replacing` is what was seen of the form in use. Raises RuleViolations when it is not whole, Conflict
    (ChangedElsewhere) when it, or the form in use, is not the one that was seen, and NotAllowed.
    """
    actor.require(P.CALL_WRITE, call.id)
    draft = _required(call)
    if draft.version != seen_version:
        raise Conflict(_l("Somebody changed the form after you opened this page. Look at it again first."))
    read = checked(working_of(draft, call))
    if read.form is None:
        raise RuleViolations([Problem(each.message) for each in read.found])
    change_call(actor=actor, call=call, changes={}, seen=replacing, form=read.form, now=now)
    _drop(_required(call), actor, call, now)
    return read.form


def lacking(call: Call, form: FormDefinition) -> list[Problem]:
    """Return what the call would still lack with a form, with paths as fields."""
    package = package_of(call)
    reading = read_document(document_of(package), form=form, invitations=None, papers=package.papers)
    return [*reading.problems, *reading.unready]


def _write(draft: FormDraft, working: WorkingForm, actor: Actor, now: datetime) -> None:
    db.session.add(FormDraftStep(form_draft_id=draft.id, number=draft.version, working=draft.working))
    _set(draft, working.to_json(), actor, now)
    db.session.flush()
    oldest = draft.version - MOST_STEPS
    db.session.execute(
        delete(FormDraftStep).where(FormDraftStep.form_draft_id == draft.id, FormDraftStep.number < oldest)
    )


def _set(draft: FormDraft, working: dict[str, Any], actor: Actor, now: datetime) -> None:
    draft.working, draft.version = working, draft.version + 1
    draft.changed_at, draft.changed_by_id = now, actor.person_id


def _drop(draft: FormDraft, actor: Actor, call: Call, now: datetime) -> None:
    db.session.execute(delete(FormDraftStep).where(FormDraftStep.form_draft_id == draft.id))
    db.session.delete(draft)
    db.session.flush()
    record(actor=actor, action="form:drop", subject=call, now=now, call_id=call.id)


def _required(call: Call) -> FormDraft:
    draft = _locked(call)
    if draft is None:
        raise Conflict(_l("This working copy was put into use or thrown away meanwhile."))
    return draft


def _locked(call: Call) -> FormDraft | None:
    """Return the working copy as it stands once nobody else changes it."""
    lock_row(call)
    return db.session.scalar(
        select(FormDraft).where(FormDraft.call_id == call.id).execution_options(populate_existing=True)
    )
