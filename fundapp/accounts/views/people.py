"""Pages of administrators: who works here, with which roles; and everybody's own roles."""

from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import people_presentation as presentation
from fundapp.accounts import people_queries as queries
from fundapp.accounts.call_names import call_names
from fundapp.accounts.forms import EmptyForm
from fundapp.accounts.models import RoleGrant
from fundapp.accounts.people_forms import EVERY_CALL, GiveRoleForm, InvitePersonForm, TakeRoleForm, give_role_form
from fundapp.accounts.people_queries import Holder
from fundapp.accounts.permissions import P, Role
from fundapp.accounts.refusals import ROLE_MEANINGS
from fundapp.accounts.role_rules import GIVEN
from fundapp.accounts.services import administering, roles
from fundapp.accounts.sessions import current_actor
from fundapp.accounts.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.text import clean_text
from fundapp.core.web import problems_into


@bp.get("/admin/people")
@requires(P.PERSON_READ)
def people() -> ResponseReturnValue:
    """List who has which role, page by page."""
    return _people_page(number=request.args.get("page", 1, type=int))


@bp.post("/admin/people")
@requires(P.PERSON_READ)
@limited("search")
def search_people() -> ResponseReturnValue:
    """Find somebody by name or address. It comes by POST: neither must stand in an address or in a history."""
    return _people_page(search=clean_text(request.form.get("search", ""), multiline=False).strip())


@bp.get("/admin/people/invite")
@requires(P.PERSON_MANAGE)
def invite() -> ResponseReturnValue:
    """Offer to invite somebody who will work here."""
    return render_template("accounts/invite_person.html", form=InvitePersonForm(formdata=None))


@bp.post("/admin/people/invite")
@requires(P.PERSON_MANAGE)
@fresh
def invite_person() -> ResponseReturnValue:
    """Make somebody known, mail them a link for choosing a password, and go on to their roles."""
    form = InvitePersonForm()
    if form.validate():
        try:
            person = administering.invite_person(
                actor=current_actor(),
                email=form.email.data or "",
                name=form.name.data or "",
                language=form.language.data or current_language(),
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("They are invited. Now give them a role."))
            return redirect(url_for("accounts.person", person_id=person.id))
    return render_template("accounts/invite_person.html", form=form), 422


@bp.get("/admin/people/<uuid:person_id>")
@requires(P.PERSON_READ)
def person(person_id: UUID) -> ResponseReturnValue:
    """Show a person's account: roles, who gave them, and what can be done."""
    found = queries.holder(actor=current_actor(), person_id=person_id)
    return _person_page(found, give_role_form(call_names(), empty=True))


@bp.post("/admin/people/<uuid:person_id>/roles")
@requires(P.ROLE_GRANT)
@fresh
def give_role(person_id: UUID) -> ResponseReturnValue:
    """Give a person a role."""
    actor = current_actor()
    found = queries.holder(actor=actor, person_id=person_id)
    form = give_role_form(call_names())
    if form.validate():
        try:
            roles.give_role(
                actor=actor,
                person=found.person,
                role=Role(form.role.data),
                call_id=None if form.call.data == EVERY_CALL else UUID(form.call.data),
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The role is given. It counts from now on, and the person is told by mail."))
            return redirect(url_for("accounts.person", person_id=person_id))
    return _person_page(found, form), 422


@bp.get("/admin/people/<uuid:person_id>/roles/<uuid:grant_id>")
@requires(P.ROLE_GRANT)
def confirm_take_role(person_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    """Ask before a role is taken away."""
    found = queries.holder(actor=current_actor(), person_id=person_id)
    return _take_page(found, queries.grant_of(found, grant_id), TakeRoleForm(formdata=None))


@bp.post("/admin/people/<uuid:person_id>/roles/<uuid:grant_id>")
@requires(P.ROLE_GRANT)
@fresh
def take_role(person_id: UUID, grant_id: UUID) -> ResponseReturnValue:
    """Take a role away."""
    actor = current_actor()
    found = queries.holder(actor=actor, person_id=person_id)
    grant = queries.grant_of(found, grant_id)
    form = TakeRoleForm()
    if not form.validate():
        return _take_page(found, grant, form), 422
    roles.take_role(actor=actor, grant=grant, reason=form.reason.data or "", now=clock.now())
    flash(_("The role is taken away, from now on. The person is told by mail."))
    return redirect(url_for("accounts.person", person_id=person_id))


@bp.post("/admin/people/<uuid:person_id>/disable")
@requires(P.PERSON_MANAGE)
@fresh
def disable(person_id: UUID) -> ResponseReturnValue:
    """Close an account at once."""
    found = queries.holder(actor=current_actor(), person_id=person_id)
    administering.disable_person(actor=current_actor(), person=found.person, now=clock.now())
    flash(_("The account is closed, and signed out everywhere."))
    return redirect(url_for("accounts.person", person_id=person_id))


@bp.post("/admin/people/<uuid:person_id>/enable")
@requires(P.PERSON_MANAGE)
@fresh
def enable(person_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    found = queries.holder(actor=current_actor(), person_id=person_id)
    administering.enable_person(actor=current_actor(), person=found.person, now=clock.now())
    flash(_("The account is open again."))
    return redirect(url_for("accounts.person", person_id=person_id))


@bp.post("/admin/people/<uuid:person_id>/sessions/end")
@requires(P.PERSON_MANAGE)
@fresh
def end_sessions(person_id: UUID) -> ResponseReturnValue:
    """Sign a person out everywhere."""
    found = queries.holder(actor=current_actor(), person_id=person_id)
    ended = administering.end_sessions_of(actor=current_actor(), person=found.person, now=clock.now())
    flash(ngettext("Signed out of %(num)s browser.", "Signed out of %(num)s browsers.", ended))
    return redirect(url_for("accounts.person", person_id=person_id))


@bp.get("/account/roles")
@requires(P.SESSION_USE)
def my_roles() -> ResponseReturnValue:
    """Show the actor's own roles, and who gave or took them."""
    actor = current_actor()
    calls = {call.id: call for call in call_names()}
    return render_template(
        "accounts/my_roles.html",
        roles=[presentation.role_shown(grant, calls, link=False) for grant in queries.own_roles(actor=actor)],
        changes=[
            presentation.change_shown(change, calls)
            for change in queries.role_changes(actor=actor, person_id=actor.person_id)
        ],
    )


def _people_page(*, search: str = "", number: int = 1) -> str:
    actor = current_actor()
    page = queries.holders_page(actor=actor, search=search, number=number)
    calls = {call.id: call for call in call_names()}
    return render_template(
        "accounts/people.html",
        rows=[presentation.person_row(found, calls) for found in page.items],
        page=page,
        search=search,
        may_invite=actor.can(P.PERSON_MANAGE),
    )


def _person_page(found: Holder, form: GiveRoleForm) -> str:
    actor = current_actor()
    calls = {call.id: call for call in call_names()}
    manages, is_self = actor.can(P.PERSON_MANAGE), actor.person_id == found.person.id
    return render_template(
        "accounts/person.html",
        person=presentation.person_shown(found, calls, may_take=actor.can(P.ROLE_GRANT)),
        sessions=queries.open_sessions(person_id=found.person.id, now=clock.now()) if manages else 0,
        changes=[
            presentation.change_shown(change, calls)
            for change in queries.role_changes(actor=actor, person_id=found.person.id)
        ],
        may_give=actor.can(P.ROLE_GRANT) and not is_self,
        may_manage=manages,
        may_close=manages and not is_self,
        may_reset=actor.can(P.FACTOR_RESET) and not is_self,
        may_erase=actor.can(P.PERSON_ERASE) and not is_self and found.person.erased_at is None,
        hints={role.value: ROLE_MEANINGS[role] for role in GIVEN},
        form=form,
        empty=EmptyForm(formdata=None),
    )


def _take_page(found: Holder, grant: RoleGrant, form: TakeRoleForm) -> str:
    calls = {call.id: call for call in call_names()}
    return render_template(
        "accounts/take_role.html",
        person=presentation.person_shown(found, calls, may_take=False),
        role=presentation.role_shown(grant, calls, link=False),
        form=form,
    )
