"""Further papers: a form of a stage, asked of applications that have come as far as that stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.further_papers import hidden_papers, paper_problems, with_papers
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    FormPurpose,
    FormVersion,
    Reopening,
    ReopeningKind,
    Stage,
)
from fundapp.applications.services.clarifying import lock_for_staff
from fundapp.applications.services.reopening import date_problems, open_questions
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MOST_AT_ONCE: Final = 500
"""Applications that are asked for papers in one step."""


def keep_papers_form(
    *, actor: Actor, stage: Stage, form: FormDefinition, for_reviewers: bool, now: datetime
) -> FormVersion:
    """Make a form the one for further papers of a stage, as a new version where the call has none just like it.

    Raises RuleViolations for what such a form cannot ask, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, stage.call_id)
    if problems := paper_clashes(stage.call, stage.code, form):
        raise RuleViolations(problems)
    return put_papers(actor=actor, stage=stage, form=hidden_papers(form, for_reviewers=for_reviewers), now=now)


def put_papers(*, actor: Actor, stage: Stage, form: FormDefinition, now: datetime) -> FormVersion:
    """Give a stage a form for further papers that was checked."""
    stage.papers = _known(stage.call, form) or _made(stage.call, form, FormPurpose.PAPERS, now)
    db.session.flush()
    _record(actor, stage, stage.papers, now)
    return stage.papers


def paper_clashes(call: Call, stage_code: str, form: FormDefinition) -> list[Problem]:
    """Return what a form for papers asks that some form for applying, or the papers of another stage, ask already."""
    others = [*call.form_versions, *(each.papers for each in call.stages if each.papers and each.code != stage_code)]
    return paper_problems(form, [FormDefinition.from_json(each.definition) for each in others])


def ask_for_papers(
    *, actor: Actor, stage: Stage, applications: Sequence[Application], message: str, closes_at: datetime, now: datetime
) -> list[Reopening]:
    """Ask chosen eligible applications of a stage for its further papers until a date; all of them, or none.

    `closes_at` is an aware instant, exclusive. Raises RuleViolations (fields applications, message, closes_on) with
    all that stands against it, NotAllowed.
    """
    actor.require(P.APPLICATION_ASK, stage.call_id)
    problems = date_problems(closes_at, now)
    if stage.papers is None:
        problems.append(Problem(_l("Load the form for further papers first.")))
    if not 0 < len(applications) <= MOST_AT_ONCE:
        message_of = _l("Choose from 1 to %(most)s applications.", most=MOST_AT_ONCE)
        problems.append(Problem(message_of, field="applications"))
    for application in applications:
        lock_for_staff(application)
        if refused := _refused(application, stage, now):
            problems.append(Problem(refused, field="applications", place=application.reference or ""))
    if problems or stage.papers is None:
        raise RuleViolations(problems)
    papers = FormDefinition.from_json(stage.papers.definition)
    names = [question.name for question in papers.questions if question.takes_answer]
    opened = []
    for application in applications:
        whole = with_papers(FormDefinition.from_json(application.form_version.definition), papers)
        version = _known(stage.call, whole)
        if version is None:
            version = _made(stage.call, whole, FormPurpose.WITH_PAPERS, now)
            _record(actor, stage, version, now)
        application.form_version = version
        opened.append(
            open_questions(
                actor=actor,
                application=application,
                kind=ReopeningKind.PAPERS,
                stage=stage,
                questions=names,
                message=message,
                closes_at=closes_at,
                now=now,
            )
        )
    return opened


def _refused(application: Application, stage: Stage, now: datetime) -> str:
    """Say why an application cannot be asked for the papers of a stage ("" where it can)."""
    if application.status is not ApplicationStatus.ELIGIBLE:
        return _l("Only eligible applications are asked for papers.")
    if all(entry.stage_id != stage.id for entry in application.entries):
        return _l("It does not stand in this stage.")
    if any(each.is_open(now) for each in application.reopenings):
        return _l("Something else of it is open already.")
    return ""


def _known(call: Call, form: FormDefinition) -> FormVersion | None:
    """Return the version of a call's forms that is just this one."""
    same = select(FormVersion).where(FormVersion.call_id == call.id, FormVersion.sha256 == form.fingerprint)
    return db.session.scalar(same)


def _made(call: Call, form: FormDefinition, purpose: FormPurpose, now: datetime) -> FormVersion:
    number = db.session.scalar(
        select(func.max(FormVersion.number)).where(FormVersion.call_id == call.id, FormVersion.purpose == purpose)
    )
    version = FormVersion(
        call_id=call.id,
        purpose=purpose,
        number=(number or 0) + 1,
        definition=form.to_json(),
        sha256=form.fingerprint,
        created_at=now,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _record(actor: Actor, stage: Stage, version: FormVersion, now: datetime) -> None:
    record(
        actor=actor,
        action="papers:load",
        subject=stage.call,
        now=now,
        call_id=stage.call_id,
        data={"form": version.sha256, "purpose": version.purpose.value, "stage": stage.code},
    )
