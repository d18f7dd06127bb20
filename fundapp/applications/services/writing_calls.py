"""Managers make calls, change them and announce them on pages, by the same rules as packages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.call_package import (
    CallPackage,
    Document,
    FurtherTable,
    InvitationRead,
    PackagePart,
    document_of,
    read_document,
)
from fundapp.applications.call_package.paths import fingerprint, with_values
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services.announcing import announce, invitation_problems, require_for_new_calls
from fundapp.applications.services.call_parts import WrittenCall
from fundapp.applications.services.calls import Way, write_call
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

FORM_PATH = "form"
"""Stands for the whole form where what was seen of a call is compared."""


class ChangedElsewhere(Conflict):
    """Somebody else changed the same part of a call meanwhile; `document` is how it stands."""

    def __init__(self, document: Document) -> None:
        super().__init__(_l("Somebody else changed this part of the call after you opened this page."))
        self.document = document


def empty_form(language: str) -> FormDefinition:
    """Return a form that is still to be written."""
    return FormDefinition("", "", "", (language,), language, (), ())


def read_draft(document: Document) -> CallPackage:
    """Return what a document of a new call says, without a form. Raises RuleViolations, each with its path as field."""
    languages = document["call"]["languages"]
    reading = read_document(document, form=empty_form(languages[0] if languages else "en"), invitations=None, papers={})
    if reading.problems:
        raise RuleViolations(reading.problems)
    return reading.package


def make_call(*, actor: Actor, document: Document, now: datetime) -> Call:
    """Make a draft of a call without a form. Raises RuleViolations, each with its path as field, and NotAllowed."""
    require_for_new_calls(actor)
    return write_call(call=None, package=read_draft(document), way=Way.MADE, actor=actor, now=now).call


def clone_call(*, actor: Actor, call: Call, changes: Mapping[str, Any], now: datetime) -> Call:
    """Make a draft that says what another call says, form and criteria too, but for some values; of its applicants,
    invitations and moved deadlines nothing comes along.

    Raises RuleViolations and NotAllowed.
    """
    require_for_new_calls(actor)
    package = replace(package_of(call), extensions=(), nominations=None, phases=())
    document = with_values(document_of(package), changes)
    reading = read_document(document, form=package.form, invitations=None, papers=package.papers)
    if reading.problems:
        raise RuleViolations(reading.problems)
    return write_call(call=None, package=reading.package, way=Way.CLONED, actor=actor, now=now).call


def seen_of(document: Document, form: FormDefinition, paths: Iterable[str]) -> str:
    """Return what a page remembers of the values that it lets people change."""
    return fingerprint({**document, FORM_PATH: form.fingerprint}, paths)


def change_call(
    *,
    actor: Actor,
    call: Call,
    changes: Mapping[str, Any],
    seen: str,
    now: datetime,
    form: FormDefinition | None = None,
    invitations: tuple[InvitationRead, ...] | None = None,
) -> WrittenCall:
    """Change values of a call by their paths, its form or its invitation list.

    A draft may stay unready; a call that was announced must not become so. Raises RuleViolations with paths as fields,
    ChangedElsewhere when a value is not as it was `seen`, and NotAllowed.
    """
    actor.require(P.CALL_WRITE, call.id)
    lock(call)
    package = package_of(call)
    before = document_of(package)
    paths = [*changes, *([FORM_PATH] if form is not None else [])]
    if seen_of(before, package.form, paths) != seen:
        raise ChangedElsewhere(before)
    reading = read_document(
        with_values(before, changes), form=form or package.form, invitations=invitations, papers=package.papers
    )
    problems = list(reading.problems)
    if call.status is not CallStatus.DRAFT:
        stood = read_document(before, form=package.form, invitations=None, papers=package.papers)
        known = {str(each) for each in stood.unready}
        problems += [each for each in reading.unready if str(each) not in known]
    if problems:
        raise RuleViolations(problems)
    return write_call(call=call, package=reading.package, way=Way.WRITTEN, actor=actor, now=now)


def take_out(
    *, actor: Actor, call: Call, with_invitations: bool, now: datetime, parts: Sequence[PackagePart] = ()
) -> CallPackage:
    """Return a call as a package, with the `parts` that later rooms know. Raises NotAllowed.

    That somebody took the list of who is invited is recorded.
    """
    actor.require(P.CALL_WRITE, call.id)
    if with_invitations:
        record(actor=actor, action="call:take_out", subject=call, now=now, call_id=call.id)
    return replace(package_of(call, with_invitations=with_invitations), further=further_tables(call, parts))


def further_tables(call: Call, parts: Sequence[PackagePart]) -> tuple[FurtherTable, ...]:
    """Return what a call says in the parts that later rooms know; a part of which it says nothing is left out."""
    said = [FurtherTable(part, part.of_call(call)) for part in parts]
    return tuple(each for each in said if each.value is not None)


def missing_in(call: Call) -> list[Problem]:
    """Return what a call lacks before it can be announced, with paths as fields."""
    package = package_of(call)
    reading = read_document(document_of(package), form=package.form, invitations=None, papers=package.papers)
    return [*reading.problems, *reading.unready, *invitation_problems(call)]


def announce_call(*, actor: Actor, call: Call, open_now: bool, now: datetime) -> None:
    """Announce a draft; with `open_now` it takes applications from this moment on.

    Raises RuleViolations with all that it lacks, and when its deadline has passed; InvalidTransition and NotAllowed.
    """
    actor.require(P.CALL_WRITE, call.id)
    lock(call)
    problems = missing_in(call)
    if call.closes_at <= now:
        problems.append(Problem(_l("The deadline lies in the past. Choose a later one first."), field="call.closes"))
    if problems:
        raise RuleViolations(problems)
    if open_now:
        call.opens_at = min(call.opens_at, now)
    announce(actor=actor, call=call, now=now)


def lock(call: Call) -> None:
    """Wait until nobody else changes a call, and see it as it stands then."""
    db.session.expire_all()
    lock_row(call)
