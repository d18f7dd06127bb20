"""Pages about further papers: the form of each stage of a call, and who is asked for them."""

from datetime import date
from typing import cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import SelectChoice

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.afterwards import PapersFileForm, PapersForm
from fundapp.applications.identity import called, face_of
from fundapp.applications.models import Stage
from fundapp.applications.presentation.afterwards import papers_shown
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import afterwards as queries
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.services import papers as services
from fundapp.applications.views import bp
from fundapp.applications.views.afterwards import end_of
from fundapp.applications.xlsform import read_form
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into


@bp.get("/manage/<slug>/papers")
@requires(P.APPLICATION_ASK)
def papers(slug: str) -> ResponseReturnValue:
    """Show the form for further papers of a stage (?stage=, or the last one), who was asked, and who can be."""
    stage = _stage(slug)
    return _page(stage, _form(stage, empty=True), PapersFileForm(formdata=None))


@bp.post("/manage/<slug>/papers")
@requires(P.APPLICATION_ASK)
def ask_for_papers(slug: str) -> ResponseReturnValue:
    """Ask the chosen applications for the papers of a stage (?stage=, or the last one)."""
    stage = _stage(slug)
    form = _form(stage)
    if not form.validate():
        return _page(stage, form, PapersFileForm(formdata=None)), 422
    chosen = set(form.applications.data or [])
    try:
        asked = services.ask_for_papers(
            actor=current_actor(),
            stage=stage,
            applications=[
                each for each in queries.shortlist(actor=current_actor(), stage=stage) if str(each.id) in chosen
            ],
            message=form.message.data or "",
            closes_at=end_of(cast(date, form.closes_on.data), stage.call),
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _page(stage, form, PapersFileForm(formdata=None)), 422
    flash(_("Asked: %(count)s", count=len(asked)))
    return redirect(_url(stage))


@bp.post("/manage/<slug>/papers/form")
@requires(P.APPLICATION_ASK)
@limited("upload")
def load_papers_form(slug: str) -> ResponseReturnValue:
    """Keep an uploaded form for the papers of a stage (?stage=, or the last one), or name all that is wrong with it."""
    stage = _stage(slug)
    form = PapersFileForm()
    if not form.validate():
        return _page(stage, _form(stage, empty=True), form), 422
    upload = form.form_file.data
    try:
        services.keep_papers_form(
            actor=current_actor(),
            stage=stage,
            form=read_form(upload.read(), upload.filename or "", default_language=stage.call.languages[0]),
            for_reviewers=bool(form.for_reviewers.data),
            now=clock.now(),
        )
    except RuleViolations as violations:
        form.form_file.errors = [str(problem) for problem in violations.problems]
        return _page(stage, _form(stage, empty=True), form), 422
    flash(_("The form is kept."))
    return redirect(_url(stage))


def _stage(slug: str) -> Stage:
    call = managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_ASK)
    code = request.args.get("stage", call.deciding_stage.code)
    stage = next((each for each in call.stages if each.code == code), None)
    if stage is None:
        abort(404)
    return stage


def _url(stage: Stage) -> str:
    return url_for("applications.papers", slug=stage.call.slug, stage=stage.code)


def _form(stage: Stage, *, empty: bool = False) -> PapersForm:
    form = PapersForm(formdata=None) if empty else PapersForm()
    form.applications.choices = [
        SelectChoice(str(each.id), called(face_of(each)))
        for each in queries.shortlist(actor=current_actor(), stage=stage)
    ]
    return form


def _page(stage: Stage, form: PapersForm, file_form: PapersFileForm) -> str:
    return render_template(
        "applications/papers.html",
        papers=papers_shown(stage, queries.asked_for_papers(actor=current_actor(), stage=stage), clock.now()),
        call_title=said(stage.call.titles),
        slug=stage.call.slug,
        stage=stage.code,
        form=form,
        file_form=file_form,
    )
