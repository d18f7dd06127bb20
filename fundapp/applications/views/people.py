"""The people of an application: their page, invitations, and what the fund does for those who can't get in."""

from dataclasses import dataclass
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import queries as accounts
from fundapp.accounts.forms import EmptyForm
from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.passphrases import grouped
from fundapp.accounts.permissions import P
from fundapp.accounts.services import memberships
from fundapp.accounts.sessions import current_actor
from fundapp.accounts.views.passphrases import words_page
from fundapp.applications.forms.fixed import ColleagueForm, ColleagueWithoutMailForm, HelpForm
from fundapp.applications.models import Application
from fundapp.applications.presentation.applications import own_application_shown
from fundapp.applications.presentation.managing import sent_application_shown
from fundapp.applications.queries import applicant, managing
from fundapp.applications.services import people as services
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into


@dataclass(frozen=True)
class MemberShown:
    """Somebody who belongs to an organisation, or is invited to."""

    id: UUID
    name: str
    contact: str
    role: str
    is_holder: bool
    is_self: bool


@bp.get("/applications/<uuid:application_id>/people")
@requires(P.APPLICATION_WRITE)
def people(application_id: UUID) -> ResponseReturnValue:
    """Show who belongs to an application; those who hold it can change that."""
    return _people_page(_own(application_id), ColleagueForm(formdata=None), ColleagueWithoutMailForm(formdata=None))


@bp.post("/applications/<uuid:application_id>/people/invite")
@requires(P.APPLICATION_WRITE)
@limited("invite")
@fresh
def invite_colleague(application_id: UUID) -> ResponseReturnValue:
    """Invite a colleague by their address."""
    application = _own(application_id)
    form = ColleagueForm()
    if form.validate():
        try:
            services.invite_colleague(
                actor=current_actor(),
                application=application,
                email=form.email.data or "",
                role=MembershipRole(form.role.data),
                language=current_language(),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The invitation is on its way. It can be accepted for 14 days, with that address only."))
            return redirect(url_for("applications.people", application_id=application.id))
    return _people_page(application, form, ColleagueWithoutMailForm(formdata=None)), 422


@bp.post("/applications/<uuid:application_id>/people/without-mail")
@requires(P.APPLICATION_WRITE)
@limited("invite")
@fresh
def add_colleague_without_mail(application_id: UUID) -> ResponseReturnValue:
    """Make a reference and words for a colleague, and show them this once."""
    application = _own(application_id)
    form = ColleagueWithoutMailForm()
    if not form.validate():
        return _people_page(application, ColleagueForm(formdata=None), form), 422
    person, words = services.add_colleague_without_mail(
        actor=current_actor(),
        application=application,
        name=form.name.data or "",
        role=MembershipRole(form.role.data),
        language=current_language(),
        now=clock.now(),
    )
    return words_page(person, words, own=False, next_path=url_for("applications.people", application_id=application.id))


@bp.post("/applications/<uuid:application_id>/people/remove")
@requires(P.APPLICATION_WRITE)
@fresh
def remove_colleague(application_id: UUID) -> ResponseReturnValue:
    """Take somebody's access away, or withdraw an invitation."""
    application = _own(application_id)
    actor, now = current_actor(), clock.now()
    if "invitation" in request.form:
        services.withdraw_invitation(actor=actor, application=application, invitation_id=_id_in("invitation"), now=now)
        flash(_("The invitation is withdrawn."))
    else:
        services.remove_colleague(actor=actor, application=application, membership_id=_id_in("member"), now=now)
        flash(_("They have no access any more."))
    return redirect(url_for("applications.people", application_id=application.id))


@bp.get("/invitations/<uuid:invitation_id>")
@requires(P.APPLICATION_WRITE)
def invitation(invitation_id: UUID) -> ResponseReturnValue:
    """Ask whoever was invited whether they join; who invites is not named, for a mail may reach the wrong person."""
    found = accounts.own_invitation(current_actor().person_id, invitation_id)
    return render_template(
        "applications/invitation.html",
        role=found.role.value,
        is_open=found in accounts.own_invitations(current_actor().person_id, clock.now()),
        form=EmptyForm(),
    )


@bp.post("/invitations/<uuid:invitation_id>")
@requires(P.APPLICATION_WRITE)
def answer_invitation(invitation_id: UUID) -> ResponseReturnValue:
    """Join, or decline."""
    actor, now = current_actor(), clock.now()
    found = accounts.own_invitation(actor.person_id, invitation_id)
    if "decline" in request.form:
        memberships.withdraw(actor=actor, invitation=found, now=now)
        flash(_("You have declined the invitation."))
    else:
        services.accept_invitation(actor=actor, invitation=found, now=now)
        flash(_("You have joined. The applications are here."))
    return redirect(url_for("applications.mine"))


@bp.get("/manage/applications/<uuid:application_id>/help")
@requires(P.APPLICANT_HELP)
def applicant_help(application_id: UUID) -> ResponseReturnValue:
    """Offer what the fund can do for people who can't get at their application any more."""
    return _help_page(_sent(application_id), HelpForm(formdata=None))


@bp.post("/manage/applications/<uuid:application_id>/help/links")
@requires(P.APPLICANT_HELP)
@limited("invite")
def mail_links(application_id: UUID) -> ResponseReturnValue:
    """Mail a new link to everybody who holds the application."""
    application = _sent(application_id)
    number = services.help_with_links(
        actor=current_actor(),
        application=application,
        secret_key=current_app.config["SECRET_KEY"],
        now=clock.now(),
    )
    flash(ngettext("A link is on its way to %(num)s person.", "Links are on their way to %(num)s people.", number))
    return redirect(url_for("applications.applicant_help", application_id=application.id))


@bp.post("/manage/applications/<uuid:application_id>/help")
@requires(P.APPLICANT_HELP)
@limited("invite")
@fresh
def invite_holder(application_id: UUID) -> ResponseReturnValue:
    """Invite another person of the organisation, with a reason; those who hold it are told."""
    application = _sent(application_id)
    form = HelpForm()
    if form.validate():
        try:
            services.help_with_holder(
                actor=current_actor(),
                application=application,
                email=form.email.data or "",
                reason=form.reason.data or "",
                language=application.language,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The invitation is on its way, and those who hold the application are told."))
            return redirect(url_for("applications.managed_application", application_id=application.id))
    return _help_page(application, form), 422


def _own(application_id: UUID) -> Application:
    return applicant.own_application(actor=current_actor(), application_id=application_id)


def _sent(application_id: UUID) -> Application:
    return managing.sent_application(actor=current_actor(), application_id=application_id, permission=P.APPLICANT_HELP)


def _id_in(field: str) -> UUID:
    try:
        return UUID(request.form.get(field, ""))
    except ValueError:
        return UUID(int=0)  # that of nothing: not found


def _member(row_id: UUID, person: Person, role: MembershipRole) -> MemberShown:
    reference = grouped(person.sign_in_reference or "")
    return MemberShown(
        id=row_id,
        name=person.name,
        contact=person.email or _("without mail, reference %(reference)s", reference=reference),
        role=_role_name(role),
        is_holder=role is MembershipRole.APPLICANT,
        is_self=person.id == current_actor().person_id,
    )


def _role_name(role: MembershipRole) -> str:
    names = {
        MembershipRole.APPLICANT: _("Holds it"),
        MembershipRole.COLLABORATOR: _("Writes, does not send"),
        MembershipRole.READER: _("Only reads"),
    }
    return names[role]


def _people_page(application: Application, form: ColleagueForm, other_form: ColleagueWithoutMailForm) -> str:
    organisation_id = application.organisation_id
    members = accounts.members(organisation_id) if organisation_id else []
    invited = accounts.open_invitations(organisation_id, clock.now()) if organisation_id else []
    return render_template(
        "applications/people.html",
        application=own_application_shown(application, clock.now()),
        members=[_member(each.id, each.person, each.role) for each in members],
        invited=[_member(each.id, each.person, each.role) for each in invited],
        may_decide=applicant.holds(actor=current_actor(), application=application),
        form=other_form if other_form.errors else form,
        colleague_form=form,
        other_form=other_form,
    )


def _help_page(application: Application, form: HelpForm) -> str:
    return render_template(
        "applications/help.html",
        application=sent_application_shown(application, current_actor(), ""),
        holders=len(accounts.holders(application.organisation_id)),
        form=form,
    )
