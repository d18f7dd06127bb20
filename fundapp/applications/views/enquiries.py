"""Pages on which somebody asks a person, reads the answer, and on which those who look after a call give it."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import sessions
from fundapp.accounts.forms import EmptyForm
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FormDefinition, Question
from fundapp.applications.form_engine.eligibility import first_questions
from fundapp.applications.forms.entering import AnswerEnquiryForm, EnquiryForm
from fundapp.applications.models import Application, Call, Enquiry, EnquiryCause
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.entering import enquiry_shown
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries import applicant, entering, listings, managing, public
from fundapp.applications.services import enquiries as services
from fundapp.applications.views import bp
from fundapp.applications.views.starting import LET_IN, stopped_page
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into


@bp.get("/calls/<slug>/ask")
@for_everybody
def ask(slug: str) -> ResponseReturnValue:
    """Offer to ask a person about a call."""
    return stopped_page(public.announced_call(slug), _cause(), [])


@bp.post("/calls/<slug>/ask")
@for_everybody
@limited("ask")
def ask_person(slug: str) -> ResponseReturnValue:
    """Put a question to those who look after a call, and go on to its private page."""
    call = public.announced_call(slug)
    form = EnquiryForm()
    names = {question.name for question in _first_questions(call)}
    questions = [name for name in request.form.getlist("question") if name in names]
    if form.validate():
        try:
            _enquiry, token = services.ask_person(
                call=call,
                cause=_cause(),
                questions=questions,
                text=form.text.data or "",
                email=form.email.data or "",
                language=current_language(),
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
                application=_application(call),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.enquiry", token=token))
    return stopped_page(call, _cause(), [], form, questions), 422


@bp.get("/questions/<token>")
@for_everybody
@limited("tokens")
def enquiry(token: str) -> ResponseReturnValue:
    """Show a question and its answer to whoever has its private link."""
    found = entering.enquiry_by_token(token)
    return render_template(
        "applications/enquiry.html",
        call=call_shown(found.call, clock.now()),
        enquiry=enquiry_shown(found, found.call, ()),
        token=token,
        opens_start=entering.opens_start(found, found.call),
        form=EmptyForm(formdata=None),
    )


@bp.post("/questions/<token>")
@for_everybody
@limited("tokens")
def go_in(token: str) -> ResponseReturnValue:
    """Take whoever was let in to the start."""
    found = entering.enquiry_by_token(token)
    if not entering.opens_start(found, found.call):
        return redirect(url_for("applications.enquiry", token=token))
    sessions.carry(LET_IN, token)
    return redirect(url_for("applications.start", slug=found.call.slug))


@bp.get("/manage/<slug>/questions")
@requires(P.APPLICANT_INVITE)
def enquiries(slug: str) -> ResponseReturnValue:
    """List what was asked about a call; what waits for an answer comes first."""
    return _list_page(_of_call(slug))


@bp.post("/manage/<slug>/questions")
@requires(P.APPLICANT_INVITE)
@limited("search")
def search_enquiries(slug: str) -> ResponseReturnValue:
    """List what a search finds; by POST, so that nothing of it stands in an address."""
    return _list_page(_of_call(slug))


@bp.post("/manage/<slug>/questions.<format>")
@requires(P.APPLICANT_INVITE)
@fresh
@limited("export")
def enquiries_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list as it is narrowed as CSV or XLSX, without what was written."""
    call = _of_call(slug)
    return list_file(listings.enquiries(actor=current_actor(), call=call), format, **file_names("questions", call))


@bp.get("/manage/<slug>/questions/<uuid:enquiry_id>")
@requires(P.APPLICANT_INVITE)
def managed_enquiry(slug: str, enquiry_id: UUID) -> ResponseReturnValue:
    """Show a question, and offer to answer it."""
    call, found = _managed(slug, enquiry_id)
    return _enquiry_page(call, found, AnswerEnquiryForm(formdata=None, answer=found.answer))


@bp.post("/manage/<slug>/questions/<uuid:enquiry_id>")
@requires(P.APPLICANT_INVITE)
def answer_enquiry(slug: str, enquiry_id: UUID) -> ResponseReturnValue:
    """Answer a question, and let whoever asked apply where that is right."""
    call, found = _managed(slug, enquiry_id)
    form = AnswerEnquiryForm()
    if form.validate():
        try:
            services.answer_enquiry(
                actor=current_actor(),
                enquiry=found,
                answer=form.answer.data or "",
                let_in=bool(form.let_in.data),
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Your answer is there to read."))
            return redirect(url_for("applications.enquiries", slug=slug))
    return _enquiry_page(call, found, form), 422


def _of_call(slug: str) -> Call:
    return managing.managed_call(actor=current_actor(), slug=slug, permission=P.APPLICANT_INVITE)


def _managed(slug: str, enquiry_id: UUID) -> tuple[Call, Enquiry]:
    call = _of_call(slug)
    return call, entering.managed_enquiry(actor=current_actor(), call=call, enquiry_id=enquiry_id)


def _list_page(call: Call) -> str:
    listing = listings.enquiries(actor=current_actor(), call=call)
    wanted = list_asked(listing)
    page = page_of(listing, wanted, current_language())
    questions = _first_questions(call)
    return render_template(
        "applications/enquiries.html",
        call=call_shown(call, clock.now()),
        shown=list_shown(
            listing,
            wanted,
            endpoint="applications.enquiries",
            search="applications.search_enquiries",
            file="applications.enquiries_file",
            search_label=_("Question, answer or address"),
            slug=call.slug,
        ),
        enquiries=[enquiry_shown(each, call, questions) for each in page.items],
        page=page,
    )


def _enquiry_page(call: Call, found: Enquiry, form: AnswerEnquiryForm) -> str:
    return render_template(
        "applications/managed_enquiry.html",
        call=call_shown(call, clock.now()),
        enquiry=enquiry_shown(found, call, _first_questions(call)),
        form=form,
    )


def _first_questions(call: Call) -> tuple[Question, ...]:
    return first_questions(FormDefinition.from_json(public.current_form(call).definition))


def _cause() -> EnquiryCause:
    """Return what the page says stood in the way; anything else is taken for the first questions."""
    wanted = request.form.get("cause", "") or request.args.get("cause", "")
    return EnquiryCause(wanted) if wanted in set(EnquiryCause) else EnquiryCause.ELIGIBILITY


def _application(call: Call) -> Application | None:
    """Return the actor's own application in the call, if there is one: then the question is asked from it."""
    actor = current_actor()
    return applicant.own_application_in(actor=actor, call=call) if actor.person_id is not None else None
