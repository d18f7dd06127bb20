"""Pages on which managers look at a call as applicants will, announce it, move its deadline and take it out."""

import io
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from fundapp.accounts.forms import EmptyForm
from fundapp.accounts.people_queries import role_holders
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.call_package import LocalTimeError, instant, package_files
from fundapp.applications.forms.call_opening import AnnounceForm, CloseForm, ExtendForm, ReasonsForm, reasons_form
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.package_parts import package_parts
from fundapp.applications.presentation import call_settings as presentation
from fundapp.applications.presentation.calls import call_shown, extensions_shown
from fundapp.applications.queries import managing as queries
from fundapp.applications.services import deadlines, writing_calls
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.core.web import problems_into


@bp.get("/manage/<slug>/announce")
@requires(P.CALL_WRITE)
def announce(slug: str) -> ResponseReturnValue:
    """Say what is missing before a call can be announced, or offer to announce it."""
    return _announce_page(_call(slug, P.CALL_WRITE), AnnounceForm(formdata=None))


@bp.post("/manage/<slug>/announce")
@requires(P.CALL_WRITE)
def announce_call(slug: str) -> ResponseReturnValue:
    """Announce a call: everybody can read it from now on."""
    call = _call(slug, P.CALL_WRITE)
    form = AnnounceForm()
    if form.validate():
        try:
            writing_calls.announce_call(
                actor=current_actor(), call=call, open_now=form.when.data == AnnounceForm.NOW, now=clock.now()
            )
        except RuleViolations as violations:
            form.form_errors = [f"{presentation.named(each, call)}: {each.message}" for each in violations.problems]
        else:
            flash(_("The call is announced. Everybody can read it now."))
            return redirect(url_for("applications.managed_call", slug=slug))
    return _announce_page(call, form), 422


@bp.get("/manage/<slug>/deadline")
@requires(P.CALL_EXTEND)
def deadline(slug: str) -> ResponseReturnValue:
    """Offer to move a call's deadline later."""
    call = _call(slug, P.CALL_EXTEND)
    return _deadline_page("applications/deadline.html", call, reasons_form(ExtendForm, call))


@bp.post("/manage/<slug>/deadline")
@requires(P.CALL_EXTEND)
def extend_deadline(slug: str) -> ResponseReturnValue:
    """Move a call's deadline later, for everybody, with the reason that the public reads."""
    call = _call(slug, P.CALL_EXTEND)
    form = reasons_form(ExtendForm, call)
    closes_at = _instant(form, call) if form.validate() else None
    if closes_at is not None:
        try:
            deadlines.extend_deadline(
                actor=current_actor(),
                call=call,
                closes_at=closes_at,
                reasons=form.reasons(),
                tells_senders=form.tells_senders.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The deadline is moved. Those whom it concerns are told by mail."))
            return redirect(url_for("applications.managed_call", slug=slug))
    return _deadline_page("applications/deadline.html", call, form), 422


@bp.get("/manage/<slug>/close")
@requires(P.CALL_EXTEND)
def close(slug: str) -> ResponseReturnValue:
    """Offer to close a call before its deadline."""
    call = _call(slug, P.CALL_EXTEND)
    return _deadline_page("applications/close_call.html", call, reasons_form(CloseForm, call))


@bp.post("/manage/<slug>/close")
@requires(P.CALL_EXTEND)
def close_early(slug: str) -> ResponseReturnValue:
    """Close a call before its deadline, for everybody, with the reason that the public reads. Drafts are kept."""
    call = _call(slug, P.CALL_EXTEND)
    form = reasons_form(CloseForm, call)
    at_once = form.when.data == CloseForm.NOW
    if form.validate() and (at_once or _instant(form, call)):
        try:
            deadlines.close_early(
                actor=current_actor(),
                call=call,
                closes_at=None if at_once else _instant(form, call),
                reasons=form.reasons(),
                tells_senders=form.tells_senders.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The new deadline stands. Those whom it concerns are told by mail, and drafts are kept."))
            return redirect(url_for("applications.managed_call", slug=slug))
    return _deadline_page("applications/close_call.html", call, form), 422


@bp.get("/manage/<slug>/package")
@requires(P.CALL_WRITE)
def package(slug: str) -> ResponseReturnValue:
    """Offer a call as a package."""
    call = _call(slug, P.CALL_WRITE)
    return render_template(
        "applications/call_package.html",
        call=call_shown(call, clock.now()),
        form=EmptyForm(formdata=None),
        has_invitations=call.invitation_only,
        further=[each.part.title for each in writing_calls.further_tables(call, package_parts())],
    )


@bp.post("/manage/<slug>/package")
@requires(P.CALL_WRITE)
@limited("export")
def take_out_package(slug: str) -> ResponseReturnValue:
    """Give a call as a package; with the list of who is invited only when that is asked for."""
    call = _call(slug, P.CALL_WRITE)
    with_invitations = "invitations" in request.form
    taken = writing_calls.take_out(
        actor=current_actor(),
        call=call,
        with_invitations=with_invitations,
        now=clock.now(),
        parts=package_parts(),
    )
    files = package_files(taken, with_invitations=with_invitations)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(f"{call.slug}/{name}", content)
    headers = {"Content-Disposition": f'attachment; filename="{call.slug}.zip"'}
    return Response(data.getvalue(), mimetype="application/zip", headers=headers)


@bp.get("/manage/<slug>/roles")
@requires(P.CALL_READ)
def call_roles(slug: str) -> ResponseReturnValue:
    """Show who has which role in a call, reviewers to those who may see the panel, and where roles are given."""
    actor = current_actor()
    call = _call(slug, P.CALL_READ)
    sees_reviewers = actor.can(P.PANEL_READ, call.id)
    holders = [(each.role, each.person.name or _("Somebody without a name")) for each in role_holders(call_id=call.id)]
    return render_template(
        "applications/call_roles.html",
        call=call_shown(call, clock.now()),
        roles=presentation.roles_shown(holders, sees_reviewers=sees_reviewers),
        gives_roles=actor.can(P.ROLE_GRANT),
        sees_reviewers=sees_reviewers,
    )


def _call(slug: str, permission: P) -> Call:
    return queries.managed_call(actor=current_actor(), slug=slug, permission=permission)


def _instant(form: ExtendForm | CloseForm, call: Call) -> datetime | None:
    """Return the instant that was typed; None, with the reason beside the field, for one that there is not."""
    local = form.local()
    if local is None:
        return None
    try:
        return instant(local, ZoneInfo(call.time_zone))
    except LocalTimeError as error:
        form.closes_on.errors = [error.message]
        return None


def _announce_page(call: Call, form: FlaskForm) -> str:
    return render_template(
        "applications/announce.html",
        call=call_shown(call, clock.now()),
        is_draft=presentation.is_draft(call),
        missing=presentation.missing_shown(call, writing_calls.missing_in(call)),
        form=form,
    )


def _deadline_page(template: str, call: Call, form: ReasonsForm) -> str:
    return render_template(
        template,
        call=call_shown(call, clock.now()),
        is_announced=call.status is CallStatus.PUBLISHED,
        extensions=extensions_shown(call.extensions, call.time_zone),
        form=form,
    )
