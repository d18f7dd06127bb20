"""What somebody of a funder reads of its money; and the page on which they are invited."""

from uuid import UUID

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.people_forms import InvitePersonForm
from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.models import Fund
from fundapp.disbursement.presentation import funder_view as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries.funder_view import own_funder, people_of
from fundapp.disbursement.queries.funds import fund_of_call
from fundapp.disbursement.services import funder_people as services
from fundapp.disbursement.services.funds import require_change
from fundapp.disbursement.views import bp


@bp.get("/funders/<uuid:funder_id>")
@requires(P.SESSION_USE)
def funder_view(funder_id: UUID) -> ResponseReturnValue:
    """Show somebody of a funder where its money is, and the awards of it that everybody may read of."""
    actor = current_actor()
    funder = own_funder(actor=actor, funder_id=funder_id)
    return render_template(
        "disbursement/funder_view.html", funder=presentation.funder_shown(funder, actor, clock.now())
    )


@bp.get("/manage/<slug>/funds/<uuid:fund_id>/people")
@requires(P.FUND_WRITE)
def funder_people(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Show who reads for the funder of a fund, and offer to invite somebody."""
    call = _call(slug)
    return _page(call, _fund(call, fund_id), InvitePersonForm(formdata=None))


@bp.post("/manage/<slug>/funds/<uuid:fund_id>/people")
@requires(P.FUND_WRITE)
@fresh
@limited("invite")
def invite_of_funder(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Let somebody read what becomes of a funder's money."""
    call = _call(slug)
    fund, form = _fund(call, fund_id), InvitePersonForm()
    if form.validate():
        try:
            services.invite_of_funder(
                actor=current_actor(),
                call=call,
                fund=fund,
                email=form.email.data or "",
                name=form.name.data or "",
                language=form.language.data or current_language(),
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("They are invited, and read from now on."))
            return redirect(url_for("disbursement.funder_people", slug=slug, fund_id=fund_id))
    return _page(call, fund, form), 422


@bp.post("/manage/<slug>/funds/<uuid:fund_id>/people/end")
@requires(P.FUND_WRITE)
@fresh
def end_of_funder(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Let somebody read for a funder no more."""
    call = _call(slug)
    fund = _fund(call, fund_id)
    try:
        reader_id = UUID(request.form.get("reader", ""))
    except ValueError:
        abort(400)
    reader = next((each for each in people_of(fund.funder) if each.id == reader_id), None)
    if reader is None:
        raise NotFound
    services.end_of_funder(actor=current_actor(), call=call, fund=fund, reader=reader, now=clock.now())
    flash(_("They do not read it any more."))
    return redirect(url_for("disbursement.funder_people", slug=slug, fund_id=fund_id))


def _call(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.FUND_WRITE)


def _fund(call: Call, fund_id: UUID) -> Fund:
    """Return a fund that the actor may change. Raises NotFound and NotAllowed."""
    found = fund_of_call(call=call, fund_id=fund_id)
    require_change(current_actor(), found)
    return found


def _page(call: Call, fund: Fund, form: InvitePersonForm) -> str:
    may_invite = services.may_invite_for(current_actor(), fund.funder)
    return render_template(
        "disbursement/funder_people.html",
        call=call_head(call),
        fund=fund,
        readers=presentation.readers_shown(fund.funder) if may_invite else [],
        may_invite=may_invite,
        form=form,
    )
