"""Pages on which an application begins: the call's first questions, and the start, with or without an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from fundapp.accounts import limits, sessions
from fundapp.accounts import queries as accounts
from fundapp.accounts.forms import CodeForm
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor
from fundapp.accounts.secrets import new_token
from fundapp.accounts.services import beginning
from fundapp.accounts.services.sessions import open_session
from fundapp.accounts.sessions import current_actor
from fundapp.accounts.views.sign_in import start_session
from fundapp.applications.form_engine.definition import FormDefinition, Question
from fundapp.applications.form_engine.eligibility import first_questions
from fundapp.applications.forms.answering import as_asked, field_name, section_form, typed_in
from fundapp.applications.forms.entering import EnquiryForm
from fundapp.applications.forms.fixed import StartForm
from fundapp.applications.models import Application, Call, CallInvitation, Enquiry, EnquiryCause
from fundapp.applications.presentation import calls as presentation
from fundapp.applications.presentation.entering import first_fields_shown
from fundapp.applications.queries import applicant, entering, public
from fundapp.applications.services import starting
from fundapp.applications.services.admission import Barred, FirstAnswers, first_answers
from fundapp.applications.views import bp
from fundapp.core import clock, unit_of_work
from fundapp.core.db import db
from fundapp.core.errors import NotFound, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.routes import limited
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into

INVITED: Final = "invitation"
LET_IN: Final = "question"


@dataclass(frozen=True)
class First:
    """The first questions of a call, with what the request brought for them."""

    questions: tuple[Question, ...]
    form: FlaskForm
    look: FirstAnswers

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return the fields that go along to the next page, for nothing of them is stored yet."""
        names = tuple(field_name(question.name) for question in self.questions)
        return [
            (name, text)
            for name, text in request.form.items(multi=True)
            if name in names or name.rpartition("-")[0] in names
        ]


@bp.get("/calls/<slug>/start")
@for_everybody
def start(slug: str) -> ResponseReturnValue:
    """Ask the call's first questions, or offer to start; go on at once where there is an application already."""
    call = public.announced_call(slug)
    actor = current_actor()
    if actor.person_id is not None:
        existing = applicant.own_application_in(actor=actor, call=call)
        if existing is not None:
            return redirect(url_for("applications.tasks", application_id=existing.id))
    first = _first(call, answered=False)
    if first.questions and _may_begin(call) and presentation.call_shown(call, clock.now()).is_open:
        return _questions_page(call, first)
    return _start_page(call, StartForm(formdata=None), first)


@bp.post("/calls/<slug>/eligibility")
@for_everybody
@limited("start")
def eligibility(slug: str) -> ResponseReturnValue:
    """Look at the answers to the first questions, and store nothing: offer to start, or say why not."""
    call = public.announced_call(slug)
    first = _first(call)
    if first.look.wrong:
        return _questions_page(call, first), 422
    if first.look.ineligible and not _is_let_in(call):
        return stopped_page(call, EnquiryCause.ELIGIBILITY, first.look.ineligible)
    return _start_page(call, StartForm(formdata=None), first)


@bp.post("/calls/<slug>/start")
@for_everybody
@limited("start")
def begin(slug: str) -> ResponseReturnValue:
    """Make the draft, at once; or, where an address was typed, mail the link with which somebody goes on."""
    call = public.announced_call(slug)
    if "email" in request.form and current_actor().person_id is None:
        return _mail_link(call)
    existing = applicant.own_application_in(actor=current_actor(), call=call)
    if existing is not None:
        return redirect(url_for("applications.tasks", application_id=existing.id))
    first = _first(call)
    if first.look.wrong:
        return _questions_page(call, first), 422
    if first.look.ineligible and not _is_let_in(call):
        return stopped_page(call, EnquiryCause.ELIGIBILITY, first.look.ineligible)
    try:
        return _begin(call, first)
    except Barred as barred:
        unit_of_work.rollback()
        return stopped_page(public.announced_call(slug), EnquiryCause.BARRED, [Problem(barred.message)])
    except RuleViolations as violations:
        unit_of_work.rollback()
        form = StartForm(formdata=None)
        problems_into(form, violations)
        return _start_page(public.announced_call(slug), form, first), 422


@bp.get("/calls/<slug>/start/link-sent")
@for_everybody
def start_link_sent(slug: str) -> ResponseReturnValue:
    """Say where to look for the link, and take the code that stands beside it."""
    call = public.announced_call(slug)
    return render_template(
        "applications/link_sent.html",
        call=presentation.call_shown(call, clock.now()),
        form=CodeForm(formdata=None),
    )


def stopped_page(
    call: Call,
    cause: EnquiryCause,
    reasons: list[Problem],
    form: EnquiryForm | None = None,
    questions: Sequence[str] = (),
) -> str:
    """Say why somebody may not apply, and offer to ask a person; `questions` did not fit, besides those of reasons."""
    return render_template(
        "applications/stopped.html",
        call=presentation.call_shown(call, clock.now()),
        reasons=[problem.message for problem in reasons],
        form=form or EnquiryForm(formdata=None),
        cause=cause,
        questions=[*questions, *(problem.field for problem in reasons if problem.field)],
    )


def whoever_starts() -> tuple[Actor, str] | None:
    """Return who starts, with the token of a new session for somebody who begins at once; None: too many begin now."""
    actor = current_actor()
    if actor.person_id is not None:
        return actor, ""
    if not limits.may_begin():
        return None
    now = clock.now()
    person = beginning.begin(
        browser=sessions.name_of_browser(),
        key=request.form.get("key", "")[:100],
        language=current_language(),
        now=now,
    )
    token = open_session(person=person, now=now, device=sessions.current_device())
    return accounts.actor_of(person), token


def _begin(call: Call, first: First) -> ResponseReturnValue:
    now = clock.now()
    starter = whoever_starts()
    if starter is None:
        return _start_page(call, StartForm(formdata=None), first, is_full=True), 429
    actor, token = starter
    application = starting.start_application(
        actor=actor,
        call=call,
        language=current_language(),
        now=now,
        protected="protect" in request.form,
        organisation=request.form.get("organisation", ""),
        first=typed_in(first.form, as_asked(first.questions)),
        invitation=carried_invitation(call),
        enquiry=carried_enquiry(call),
    )
    if token:
        start_session(token)
    return redirect(_after_start(application))


def _after_start(application: Application) -> str:
    """Return where to go on: whoever is signed out after a short silence keeps the draft before writing anything."""
    person = db.session.get_one(Person, application.person_id)
    if application.is_protected and person.begin_key is not None:
        return url_for("applications.keep_draft", application_id=application.id)
    return url_for("applications.tasks", application_id=application.id)


def _mail_link(call: Call) -> ResponseReturnValue:
    form = StartForm()
    if form.validate():
        try:
            if limits.may_mail(form.email.data or ""):
                starting.request_start(
                    call=call,
                    email=form.email.data or "",
                    secret_key=current_app.config["SECRET_KEY"],
                    next_path=url_for("applications.start", slug=call.slug),
                    language=current_language(),
                    now=clock.now(),
                    browser=sessions.name_browser(),
                )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.start_link_sent", slug=call.slug))
    return _start_page(call, form, _first(call)), 422


def _first(call: Call, *, answered: bool = True) -> First:
    """Return the call's first questions; not `answered`: those that somebody sees for the first time."""
    definition = FormDefinition.from_json(public.current_form(call).definition)
    questions = first_questions(definition)
    asked = as_asked(questions)
    form = section_form(asked, {}, current_language())
    look = first_answers(
        call=call,
        form=definition,
        typed=typed_in(form, asked) if answered else {},
        language=current_language(),
        now=clock.now(),
    )
    if answered:
        form = section_form(asked, {}, current_language(), look.wrong)
    return First(questions, form, look)


def _questions_page(call: Call, first: First) -> str:
    return render_template(
        "applications/eligibility.html",
        call=presentation.call_shown(call, clock.now()),
        form=first.form,
        fields=first_fields_shown(first.questions, first.form),
    )


def _start_page(call: Call, form: StartForm, first: First, *, is_full: bool = False) -> str:
    actor = current_actor()
    held = accounts.organisations_held(actor.person_id)
    nobody = actor.person_id is None
    if nobody:
        sessions.name_browser()  # what is begun here belongs to this browser
    person = accounts.person_of(actor)
    return render_template(
        "applications/start.html",
        call=presentation.call_shown(call, clock.now()),
        form=form,
        held=[(each.id, each.name) for each in held] if len(held) > 1 else [],
        another=starting.ANOTHER,
        kept=first.kept,
        key=new_token(),
        may_begin=_may_begin(call) and not is_full,
        can_come_back=person is not None and person.begin_key is None,
        is_full=is_full,
        cause=EnquiryCause.INVITATION,
    )


def _may_begin(call: Call) -> bool:
    """Say whether the call is open to everybody, or to this browser or its person."""
    person = accounts.person_of(current_actor())
    return (
        applicant.is_invited(call=call, email=(person.email or "") if person else "")
        or carried_invitation(call) is not None
        or _is_let_in(call)
    )


def carried_invitation(call: Call) -> CallInvitation | None:
    """Return the personal invitation to a call with which this browser came, unless it was used."""
    token = sessions.carried(INVITED)
    if not token:
        return None
    try:
        invitation = entering.invitation_by_token(token)
    except NotFound:
        return None
    return invitation if invitation.call_id == call.id and entering.used_by(invitation) is None else None


def carried_enquiry(call: Call) -> Enquiry | None:
    """Return the answered question to a person that opens a call to this browser, unless it was used."""
    token = sessions.carried(LET_IN)
    if not token:
        return None
    try:
        enquiry = entering.enquiry_by_token(token)
    except NotFound:
        return None
    return enquiry if entering.opens_start(enquiry, call) else None


def _is_let_in(call: Call) -> bool:
    return carried_enquiry(call) is not None
