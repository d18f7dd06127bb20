"""Pages about where one is signed in, and about giving up factors that somebody has lost."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import factor_presentation, factor_queries, queries
from fundapp.accounts.forms import EmptyForm, FactorResetForm
from fundapp.accounts.permissions import P
from fundapp.accounts.services import factor_resets
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.sessions import current_actor, current_session
from fundapp.accounts.views import bp
from fundapp.core import clock
from fundapp.core.errors import Conflict
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.routes import fresh, requires


@bp.get("/account/sessions")
@requires(P.SESSION_USE)
def own_sessions() -> ResponseReturnValue:
    """List where this person is signed in."""
    current = current_session()
    found = factor_queries.sessions_of(current_actor(), clock.now())
    return render_template(
        "accounts/sessions.html",
        sessions=[
            factor_presentation.session_shown(each, is_this=current is not None and each.id == current.id)
            for each in found
        ],
        form=EmptyForm(),
    )


@bp.post("/account/sessions/<uuid:session_id>/end")
@requires(P.SESSION_USE)
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions at once."""
    session_services.end_own_session(actor=current_actor(), session_id=session_id, now=clock.now())
    flash(_("That session is ended."))
    return redirect(url_for("accounts.own_sessions"))


@bp.post("/account/sessions/end-others")
@requires(P.SESSION_USE)
def end_other_sessions() -> ResponseReturnValue:
    """End all of one's own sessions but this one."""
    current = current_session()
    count = session_services.end_other_sessions(
        actor=current_actor(), keep=current.id if current else None, now=clock.now()
    )
    flash(ngettext("%(num)d session is ended.", "%(num)d sessions are ended.", count))
    return redirect(url_for("accounts.own_sessions"))


@bp.get("/admin/second-steps")
@requires(P.FACTOR_RESET)
def factor_resets_page() -> ResponseReturnValue:
    """List the second steps that are to be removed, and take a new request."""
    return _resets_page(FactorResetForm(formdata=None))


@bp.post("/admin/second-steps")
@requires(P.FACTOR_RESET)
@fresh
def request_factor_reset() -> ResponseReturnValue:
    """Ask that somebody's second step be removed; another administrator has to agree."""
    form = FactorResetForm()
    if form.validate():
        person = queries.person_by_email(form.email.data)
        if person is None:
            form.email.errors = [_("Nobody here has this address.")]
        else:
            try:
                factor_resets.request_factor_reset(actor=current_actor(), person=person, now=clock.now())
            except Conflict as conflict:
                form.email.errors = [conflict.message]
            else:
                flash(_("It is asked for. Another administrator has to agree."))
                return redirect(url_for("accounts.factor_resets_page"))
    return _resets_page(form), 422


@bp.post("/admin/second-steps/<uuid:person_id>/confirm")
@requires(P.FACTOR_RESET)
@fresh
def confirm_factor_reset(person_id: UUID) -> ResponseReturnValue:
    """Agree that somebody's second step be removed, a day from now."""
    factor_resets.confirm_factor_reset(actor=current_actor(), person_id=person_id, now=clock.now())
    flash(_("It is agreed. The person is told now, and can start again in 24 hours."))
    return redirect(url_for("accounts.factor_resets_page"))


def _resets_page(form: FactorResetForm) -> str:
    actor = current_actor()
    return render_template(
        "accounts/factor_resets.html",
        form=form,
        confirm_form=EmptyForm(),
        resets=[factor_presentation.reset_shown(each, actor) for each in factor_queries.open_resets(actor)],
    )
