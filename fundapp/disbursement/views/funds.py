"""Pages of the funds behind a call: where the money is, a fund and its changes, the ledger."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.list_pages import list_asked, list_file, list_shown
from fundapp.core.listing import Asked, page_of
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, limited, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.fund_forms import LESS, NEW_FUNDER, FundForm, MovementForm, fund_form
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Fund
from fundapp.disbursement.presentation import funds as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries import funds as queries
from fundapp.disbursement.services import funds as services
from fundapp.disbursement.views import bp


@bp.get("/manage/<slug>/funds")
@requires(P.FUNDS_READ)
def funds(slug: str) -> ResponseReturnValue:
    """Show where the money behind a call is, fund by fund."""
    call, actor = _call(slug, P.FUNDS_READ), current_actor()
    return render_template(
        "disbursement/funds.html",
        call=call_head(call),
        parts=presentation.money_shown(queries.money_of_call(actor=actor, call=call), call, actor),
        note=presentation.hidden_note(),
        may_write=presentation.may_write(actor, call),
    )


@bp.get("/manage/<slug>/funds/new")
@requires(P.FUND_WRITE)
def new_fund(slug: str) -> ResponseReturnValue:
    """Ask for a fund."""
    call = _call(slug, P.FUND_WRITE)
    return _fund_page(call, None, _form(call, None, {"currency": call.currency}))


@bp.post("/manage/<slug>/funds/new")
@requires(P.FUND_WRITE)
@fresh
def add_fund(slug: str) -> ResponseReturnValue:
    """Put a fund behind a call or its programme."""
    call = _call(slug, P.FUND_WRITE)
    form = _form(call, None)
    if form.validate():
        try:
            wanted = _wanted(form, call, None)
            fund = services.add_fund(actor=current_actor(), call=call, wanted=wanted, now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The fund is entered. Write now what its funder promised."))
            return redirect(url_for("disbursement.fund", slug=slug, fund_id=fund.id))
    return _fund_page(call, None, form), 422


@bp.get("/manage/<slug>/funds/<uuid:fund_id>")
@requires(P.FUNDS_READ)
def fund(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Show one fund, and the form for what its funder promises and sends."""
    call = _call(slug, P.FUNDS_READ)
    return _one_page(call, queries.fund_of_call(call=call, fund_id=fund_id), MovementForm(formdata=None))


@bp.post("/manage/<slug>/funds/<uuid:fund_id>")
@requires(P.FUND_WRITE)
@fresh
def note_of_funder(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Write that a funder promised or sent money."""
    call = _call(slug, P.FUND_WRITE)
    found = queries.fund_of_call(call=call, fund_id=fund_id)
    services.require_change(current_actor(), found)
    form, status = MovementForm(), 422
    if form.validate():
        try:
            amount = _amount(form, found.currency)
            services.note_of_funder(
                actor=current_actor(),
                call=call,
                fund=found,
                kind=MovementKind(form.kind.data),
                amount_minor=-amount if form.direction.data == LESS else amount,
                reason=form.reason.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("It stands in the ledger."))
            return redirect(url_for("disbursement.fund", slug=slug, fund_id=fund_id))
    return _one_page(call, found, form), status


@bp.get("/manage/<slug>/funds/<uuid:fund_id>/change")
@requires(P.FUND_WRITE)
def fund_form_page(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Show what a fund is called and tied to, to change it."""
    call = _call(slug, P.FUND_WRITE)
    found = queries.fund_of_call(call=call, fund_id=fund_id)
    services.require_change(current_actor(), found)
    data = {
        "edition": str(found.edition),
        "name": found.name,
        "funder_name": found.funder.name,
        "funder_reference": found.funder.reference,
        "funder_is_named": found.funder.is_named,
        "is_restricted": found.is_restricted,
        "restriction": found.restriction,
        "pot": found.pot_code,
    }
    return _fund_page(call, found, _form(call, found, data))


@bp.post("/manage/<slug>/funds/<uuid:fund_id>/change")
@requires(P.FUND_WRITE)
@fresh
def change_fund(slug: str, fund_id: UUID) -> ResponseReturnValue:
    """Change what a fund is called and tied to."""
    call = _call(slug, P.FUND_WRITE)
    found = queries.fund_of_call(call=call, fund_id=fund_id)
    services.require_change(current_actor(), found)
    form, status = _form(call, found), 422
    if form.validate():
        edition = form.edition.data or ""
        try:
            services.change_fund(
                actor=current_actor(),
                call=call,
                fund=found,
                wanted=_wanted(form, call, found),
                edition=int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 10 else -1,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            status = 409
        else:
            flash(_("The fund is changed."))
            return redirect(url_for("disbursement.fund", slug=slug, fund_id=fund_id))
    return _fund_page(call, found, form), status


@bp.get("/manage/<slug>/ledger")
@requires(P.FUNDS_READ)
def ledger(slug: str) -> ResponseReturnValue:
    """Show the ledger of the funds behind a call."""
    return _ledger_page(_call(slug, P.FUNDS_READ))


@bp.post("/manage/<slug>/ledger")
@requires(P.FUNDS_READ)
@limited("search")
def search_ledger(slug: str) -> ResponseReturnValue:
    """List the rows that a search finds; by POST, so that no name stands in an address."""
    return _ledger_page(_call(slug, P.FUNDS_READ))


@bp.post("/manage/<slug>/ledger.<format>")
@requires(P.FUNDS_READ)
@fresh
@limited("export")
def ledger_file(slug: str, format: str) -> Response:  # noqa: A002 - the word in the address
    """Send the ledger as it is narrowed as CSV or XLSX."""
    call = _call(slug, P.FUNDS_READ)
    return list_file(queries.movements(actor=current_actor(), call=call), format, **file_names("ledger", call))


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _form(call: Call, found: Fund | None, data: dict[str, Any] | None = None) -> FundForm:
    actor = current_actor()
    return fund_form(
        funders=[(str(each.id), each.name) for each in queries.funders_for(actor)] if found is None else [],
        pots=[] if found is not None and found.call_id is None else presentation.pot_choices(call),
        is_new=found is None,
        whole_programme=actor.calls_with(P.FUND_WRITE) is None,
        data=data,
    )


def _wanted(form: FundForm, call: Call, found: Fund | None) -> services.WantedFund:
    """Return what was typed. Raises RuleViolations for a funder that is none."""
    funder_id = None
    if "funder" in form and form.funder.data not in (None, NEW_FUNDER):
        try:
            funder_id = UUID(form.funder.data)
        except ValueError as error:
            raise RuleViolations([Problem(_("Choose a funder of the list, or a new one."), field="funder")]) from error
    return services.WantedFund(
        name=form.name.data or "",
        funder_id=funder_id,
        funder_name=form.funder_name.data or "",
        funder_reference=form.funder_reference.data or "",
        funder_is_named=form.funder_is_named.data,
        is_restricted=form.is_restricted.data,
        restriction=form.restriction.data or "",
        pot_code=form.pot.data or "",
        currency=found.currency if found else (form.currency.data or "").strip().upper() or call.currency,
        for_programme="for_programme" in form and form.for_programme.data,
    )


def _amount(form: MovementForm, currency: str) -> int:
    """Return the amount that was typed, in minor units. Raises RuleViolations."""
    try:
        return Money.parse(form.amount.data or "", currency, current_language()).minor
    except MoneyError as error:
        raise RuleViolations([Problem(error.message, field="amount")]) from error


def _fund_page(call: Call, found: Fund | None, form: FundForm) -> str:
    return render_template(
        "disbursement/fund_form.html", call=call_head(call), fund=found, form=form, currency=call.currency
    )


def _one_page(call: Call, found: Fund, form: MovementForm) -> str:
    actor = current_actor()
    row = next(each for each in queries.money_of_call(actor=actor, call=call) if each.fund.id == found.id)
    return render_template(
        "disbursement/fund.html",
        call=call_head(call),
        fund=presentation.fund_shown(row, dict(presentation.pot_choices(call)), actor),
        form=form,
        note=presentation.hidden_note(),
    )


def _ledger_page(call: Call) -> str:
    listing = queries.movements(actor=current_actor(), call=call)
    asked: Asked = list_asked(listing)
    page = page_of(listing, asked, current_language())
    return render_template(
        "disbursement/ledger.html",
        call=call_head(call),
        shown=list_shown(
            listing,
            asked,
            endpoint="disbursement.ledger",
            search="disbursement.search_ledger",
            file="disbursement.ledger_file",
            search_label=_("Fund, award, name or reason"),
            slug=call.slug,
        ),
        page=presentation.movements_shown(page, call),
        note=presentation.hidden_note(),
    )
