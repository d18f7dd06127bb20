"""Pages of a draft's beginning: keeping it, taking one over, and using what was written last time."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import limits, sessions
from fundapp.accounts import queries as accounts
from fundapp.accounts.forms import CodeForm, EmptyForm
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import P
from fundapp.accounts.services import beginning
from fundapp.accounts.services.passphrases import renew_passphrase
from fundapp.accounts.sessions import current_actor, current_session
from fundapp.accounts.views.passphrases import words_page
from fundapp.applications.form_engine.answers import shown
from fundapp.applications.forms.entering import KeepForm
from fundapp.applications.models import Application, ApplicationStatus, DraftOffer
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.entering import OfferShown, begun_at, kept_until
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries import applicant, entering
from fundapp.applications.services import earlier, keeping
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into


@bp.get("/applications/<uuid:application_id>/keep")
@requires(P.APPLICATION_WRITE)
def keep_draft(application_id: UUID) -> ResponseReturnValue:
    """Offer both ways to come back to a draft that was begun without an address."""
    application = _own(application_id)
    if _beginner() is None:
        return redirect(url_for("applications.tasks", application_id=application.id))
    return _keep_page(application, KeepForm(formdata=None))


@bp.post("/applications/<uuid:application_id>/keep")
@requires(P.APPLICATION_WRITE)
@limited("start")
def offer_draft(application_id: UUID) -> ResponseReturnValue:
    """Mail a link to an address; whoever opens it can take the draft over."""
    application = _own(application_id)
    form = KeepForm()
    if form.validate():
        try:
            if limits.may_mail(form.email.data or ""):
                keeping.offer_draft(
                    actor=current_actor(),
                    application=application,
                    email=form.email.data or "",
                    secret_key=current_app.config["SECRET_KEY"],
                    language=current_language(),
                    now=clock.now(),
                    browser=sessions.name_browser(),
                )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.offer_sent", application_id=application.id))
    return _keep_page(application, form), 422


@bp.get("/applications/<uuid:application_id>/keep/sent")
@requires(P.APPLICATION_WRITE)
def offer_sent(application_id: UUID) -> ResponseReturnValue:
    """Say where to look for the link, and take the code that stands beside it."""
    return render_template(
        "applications/offer_sent.html",
        application=own_application_shown(_own(application_id), clock.now()),
        form=CodeForm(formdata=None),
    )


@bp.post("/applications/<uuid:application_id>/keep/words")
@requires(P.APPLICATION_WRITE)
@limited("start")
def keep_by_words(application_id: UUID) -> ResponseReturnValue:
    """Give whoever began without an address a reference and words, and show them this once.

    The same button pressed twice, or the page loaded again, shows new ones: nobody may have read the first.
    """
    application, now = _own(application_id), clock.now()
    person = db.session.get_one(Person, current_actor().person_id, with_for_update=True)
    current = current_session()
    if current is not None and person.sign_in_reference and not person.email and current.is_fresh(now):
        words = renew_passphrase(actor=current_actor(), person=person, keep=current.id, now=now)
    else:
        words = beginning.keep_by_words(actor=current_actor(), person=person, now=now)
    return words_page(person, words, own=True, next_path=url_for("applications.tasks", application_id=application.id))


@bp.get("/drafts")
@requires(P.APPLICATION_WRITE)
def drafts_offered() -> ResponseReturnValue:
    """Show the drafts that wait for the actor."""
    offers = entering.own_offers(actor=current_actor(), now=clock.now())
    return render_template(
        "applications/drafts_offered.html",
        offers=[_offer_shown(each) for each in offers],
        form=EmptyForm(formdata=None),
    )


@bp.post("/drafts")
@requires(P.APPLICATION_WRITE)
def take_draft() -> ResponseReturnValue:
    """Take a draft over, or let it go."""
    actor, now = current_actor(), clock.now()
    offer_id = _offer_id()
    if "decline" in request.form:
        keeping.decline_draft(actor=actor, offer_id=offer_id, now=now)
        flash(_("You have let the draft go."))
        return redirect(url_for("applications.mine"))
    application = keeping.take_draft(
        actor=actor, offer_id=offer_id, organisation=request.form.get("organisation", ""), now=now
    )
    flash(_("The draft is kept. You come back to it with your address, on any device."))
    return redirect(url_for("applications.tasks", application_id=application.id))


@bp.get("/applications/<uuid:application_id>/earlier")
@requires(P.APPLICATION_WRITE)
def earlier_answers(application_id: UUID) -> ResponseReturnValue:
    """Offer what the organisation wrote last time, for questions that are not answered yet."""
    application = _own(application_id)
    found = earlier.offered(application)
    if found is None or application.status is not ApplicationStatus.DRAFT:
        return redirect(url_for("applications.tasks", application_id=application.id))
    return render_template(
        "applications/earlier.html",
        application=own_application_shown(application, clock.now()),
        answers=[
            (
                question.name,
                said_unanswered(question.label),
                shown(question, answer, current_language(), application.call.currency),
            )
            for question, answer in found.answers
        ],
        before=said(found.application.call.titles),
        form=EmptyForm(formdata=None),
    )


@bp.post("/applications/<uuid:application_id>/earlier")
@requires(P.APPLICATION_WRITE)
def use_earlier_answers(application_id: UUID) -> ResponseReturnValue:
    """Fill in what the actor chose of it."""
    application = _own(application_id)
    number = earlier.use(
        actor=current_actor(), application=application, names=request.form.getlist("use"), now=clock.now()
    )
    flash(_("Filled in: %(number)s. Look whether everything is still right.", number=number))
    return redirect(url_for("applications.tasks", application_id=application.id))


def _own(application_id: UUID) -> Application:
    return applicant.own_application(actor=current_actor(), application_id=application_id)


def _beginner() -> Person | None:
    """Return the actor, if they began without an address and have no way to come back yet."""
    person = db.session.get_one(Person, current_actor().person_id)
    return person if person.begin_key is not None else None


def _keep_page(application: Application, form: KeepForm) -> str:
    person = _beginner()
    if person is None:
        raise NotFound
    return render_template(
        "applications/keep.html",
        application=own_application_shown(application, clock.now()),
        until=kept_until(person, application.call),
        form=form,
    )


def _offer_shown(offer: DraftOffer) -> OfferShown:
    application = offer.application
    held = accounts.organisations_held(current_actor().person_id)
    busy = entering.organisations_in(application.call, [each.id for each in held])
    return OfferShown(
        id=offer.id,
        call_title=said(application.call.titles),
        begun=begun_at(application),
        organisations=[(each.id, each.name) for each in held if each.id not in busy],
        has_another=bool(busy),
    )


def _offer_id() -> UUID:
    try:
        return UUID(request.form.get("offer", ""))
    except ValueError:
        raise NotFound from None
