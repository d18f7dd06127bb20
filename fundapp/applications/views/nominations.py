"""Pages of nominations: two minutes for anybody, and what those who look after a call make of them."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.entering import InviteToApplyForm, NominationForm
from fundapp.applications.models import Call
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.entering import nominations_shown, nominee_shown
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries import listings, managing, public
from fundapp.applications.services import nominating as services
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import LANGUAGES, current_language, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import Asked, page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into


@bp.get("/calls/<slug>/nominate")
@for_everybody
def nominate(slug: str) -> ResponseReturnValue:
    """Offer to name somebody who should apply."""
    return _nominate_page(public.announced_call(slug), NominationForm(formdata=None))


@bp.post("/calls/<slug>/nominate")
@for_everybody
@limited("nominate")
def take_nomination(slug: str) -> ResponseReturnValue:
    """Take a nomination."""
    call = public.announced_call(slug)
    form = NominationForm()
    if form.validate():
        try:
            services.nominate(
                call=call,
                name=form.name.data or "",
                contact=form.contact.data or "",
                why=form.why.data or "",
                nominator_name=form.nominator_name.data or "",
                nominator_contact=form.nominator_contact.data or "",
                may_be_named=bool(form.may_be_named.data),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("applications.nominated", slug=slug))
    return _nominate_page(call, form), 422


@bp.get("/calls/<slug>/nominate/thanks")
@for_everybody
def nominated(slug: str) -> ResponseReturnValue:
    """Say what happens with a nomination."""
    return render_template("applications/nominated.html", call=call_shown(public.announced_call(slug), clock.now()))


@bp.get("/manage/<slug>/nominations")
@requires(P.APPLICANT_INVITE)
def nominees(slug: str) -> ResponseReturnValue:
    """List who was nominated for a call, with all nominations of each."""
    return _nominees_page(_managed(slug), InviteToApplyForm(formdata=None), "")


@bp.post("/manage/<slug>/nominations")
@requires(P.APPLICANT_INVITE)
@limited("search")
def search_nominees(slug: str) -> ResponseReturnValue:
    """List what a search finds; by POST, so that no name stands in an address."""
    return _nominees_page(_managed(slug), InviteToApplyForm(formdata=None), "")


@bp.post("/manage/<slug>/nominations.<format>")
@requires(P.APPLICANT_INVITE)
@fresh
@limited("export")
def nominees_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list as it is narrowed as CSV or XLSX, without who nominated and how to reach anybody."""
    call = _managed(slug)
    return list_file(listings.nominees(call=call), format, **file_names("nominations", call))


@bp.post("/manage/<slug>/nominations/gather")
@requires(P.APPLICANT_INVITE)
def gather_nominees(slug: str) -> ResponseReturnValue:
    """Put together what means the same body, or take one nomination out."""
    call, actor, now = _managed(slug), current_actor(), clock.now()
    if "apart" in request.form:
        services.take_apart(actor=actor, call=call, nomination_id=_id(request.form["apart"]), now=now)
        flash(_("This nomination stands by itself now."))
        return redirect(url_for("applications.nominees", slug=slug))
    form = InviteToApplyForm(formdata=None)
    try:
        ids = {_id(each) for each in request.form.getlist("nominee")}
        services.gather(actor=actor, call=call, nominee_ids=ids, now=now)
    except RuleViolations as violations:
        problems_into(form, violations)
        return _nominees_page(call, form, ""), 422
    flash(_("They are together now."))
    return redirect(url_for("applications.nominees", slug=slug))


@bp.post("/manage/<slug>/nominations/invite")
@requires(P.APPLICANT_INVITE)
@limited("invite")
def invite_nominee(slug: str) -> ResponseReturnValue:
    """Invite a nominee to apply, by a personal link."""
    call = _managed(slug)
    form = InviteToApplyForm()
    nominee = request.form.get("nominee", "")
    if form.validate():
        try:
            services.invite_nominee(
                actor=current_actor(),
                call=call,
                nominee_id=_id(nominee),
                email=form.email.data or "",
                organisation_name=form.organisation.data or "",
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The invitation is on its way."))
            return redirect(url_for("applications.nominees", slug=slug))
    return _nominees_page(call, form, nominee), 422


def _managed(slug: str) -> Call:
    return managing.managed_call(actor=current_actor(), slug=slug, permission=P.APPLICANT_INVITE)


def _nominate_page(call: Call, form: NominationForm) -> str:
    shown = nominations_shown(call, clock.now())
    if shown is None:
        raise NotFound
    return render_template(
        "applications/nominate.html", call=call_shown(call, clock.now()), nominations=shown, form=form
    )


def _nominees_page(call: Call, form: InviteToApplyForm, tried: str) -> str:
    """Draw the list; `tried` is the nominee whose invitation has a problem."""
    listing = listings.nominees(call=call)
    # After an action with a problem the whole list is there: its form holds no search.
    asked = Asked() if form.errors else list_asked(listing)
    page = page_of(listing, asked, current_language())
    return render_template(
        "applications/nominees.html",
        call=call_shown(call, clock.now()),
        nominations=nominations_shown(call, clock.now()),
        shown=list_shown(
            listing,
            asked,
            endpoint="applications.nominees",
            search="applications.search_nominees",
            file="applications.nominees_file",
            search_label=_("Name, address or reason"),
            slug=call.slug,
        ),
        nominees=[nominee_shown(each, call) for each in page.items],
        page=page,
        letter_languages={code: language_name(code) for code in call.languages if code in LANGUAGES},
        form=form,
        tried=tried,
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
