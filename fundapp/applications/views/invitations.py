"""Personal invitations: the page that a mailed link opens, and the list of those who look after a call."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import sessions
from fundapp.accounts.forms import EmptyForm
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.forms.entering import InviteToApplyForm
from fundapp.applications.models import Call, CallInvitation, EnquiryCause
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.entering import invitation_shown
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries import applicant, entering, listings, managing
from fundapp.applications.services import inviting as services
from fundapp.applications.views import bp
from fundapp.applications.views.starting import INVITED
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import Asked, page_of
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.routes import public as for_everybody
from fundapp.core.web import problems_into


@bp.get("/invited/<token>")
@for_everybody
@limited("tokens")
def invited(token: str) -> ResponseReturnValue:
    """Show what a personal link is for; looking uses nothing up."""
    invitation, call = _invitation(token)
    actor = current_actor()
    own = applicant.own_application_in(actor=actor, call=call) if actor.person_id is not None else None
    return render_template(
        "applications/invited.html",
        call=call_shown(call, clock.now()),
        token=token,
        organisation="" if call.is_protected else invitation.organisation_name,
        nominators=[] if call.is_protected else entering.named_nominators(invitation),
        is_nominated=invitation.nominee_id is not None,
        is_used=entering.used_by(invitation) is not None,
        own=own.id if own is not None else None,
        cause=EnquiryCause.INVITATION,
        form=EmptyForm(formdata=None),
    )


@bp.post("/invited/<token>")
@for_everybody
@limited("tokens")
def accept_invited(token: str) -> ResponseReturnValue:
    """Go on to the start with an invitation."""
    invitation, call = _invitation(token)
    if entering.used_by(invitation) is not None:
        return redirect(url_for("applications.invited", token=token))
    sessions.carry(INVITED, token)
    return redirect(url_for("applications.start", slug=call.slug))


@bp.get("/manage/<slug>/invitations")
@requires(P.APPLICANT_INVITE)
def call_invitations(slug: str) -> ResponseReturnValue:
    """List who was invited to apply, and what became of it."""
    return _list_page(_managed(slug), InviteToApplyForm(formdata=None))


@bp.post("/manage/<slug>/invitations/search")
@requires(P.APPLICANT_INVITE)
@limited("search")
def search_invitations(slug: str) -> ResponseReturnValue:
    """List what a search finds; by POST, so that no name stands in an address."""
    return _list_page(_managed(slug), InviteToApplyForm(formdata=None))


@bp.post("/manage/<slug>/invitations.<format>")
@requires(P.APPLICANT_INVITE)
@fresh
@limited("export")
def invitations_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the word in the address
    """Send the list as it is narrowed as CSV or XLSX."""
    call = _managed(slug)
    return list_file(listings.invitations(call=call), format, **file_names("invitations", call))


@bp.post("/manage/<slug>/invitations")
@requires(P.APPLICANT_INVITE)
@limited("invite")
def invite_to_apply(slug: str) -> ResponseReturnValue:
    """Invite an organisation, and mail it its personal link."""
    call = _managed(slug)
    form = InviteToApplyForm()
    if form.validate():
        try:
            services.invite_to_apply(
                actor=current_actor(),
                call=call,
                email=form.email.data or "",
                organisation_name=form.organisation.data or "",
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The invitation is on its way."))
            return redirect(url_for("applications.call_invitations", slug=slug))
    return _list_page(call, form), 422


@bp.post("/manage/<slug>/invitations/send")
@requires(P.APPLICANT_INVITE)
@limited("invite")
def send_invitations(slug: str) -> ResponseReturnValue:
    """Mail one personal link again, or the links of all who never got one."""
    call, actor, now = _managed(slug), current_actor(), clock.now()
    secret_key = current_app.config["SECRET_KEY"]
    if "invitation" in request.form:
        invitation = _of_call(call, request.form["invitation"])
        services.send_invitation(actor=actor, call=call, invitation=invitation, secret_key=secret_key, now=now)
        number = 1
    else:
        number = services.send_all(actor=actor, call=call, secret_key=secret_key, now=now)
    flash(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", number))
    return redirect(url_for("applications.call_invitations", slug=slug))


def _invitation(token: str) -> tuple[CallInvitation, Call]:
    invitation = entering.invitation_by_token(token)
    return invitation, db.session.get_one(Call, invitation.call_id)


def _managed(slug: str) -> Call:
    return managing.managed_call(actor=current_actor(), slug=slug, permission=P.APPLICANT_INVITE)


def _of_call(call: Call, text: str) -> CallInvitation:
    try:
        invitation = db.session.get(CallInvitation, UUID(text))
    except ValueError:
        raise NotFound from None
    if invitation is None or invitation.call_id != call.id:
        raise NotFound
    return invitation


def _list_page(call: Call, form: InviteToApplyForm) -> str:
    listing = listings.invitations(call=call)
    # An address that was typed wrong is no search.
    asked = Asked() if form.errors else list_asked(listing)
    page = page_of(listing, asked, current_language())
    return render_template(
        "applications/call_invitations.html",
        call=call_shown(call, clock.now()),
        shown=list_shown(
            listing,
            asked,
            endpoint="applications.call_invitations",
            search="applications.search_invitations",
            file="applications.invitations_file",
            search_label=_("Name or address"),
            slug=call.slug,
        ),
        invitations=[invitation_shown(each, call) for each in page.items],
        has_unsent=bool(entering.unsent_invitations(call, most=1)),
        page=page,
        form=form,
    )
