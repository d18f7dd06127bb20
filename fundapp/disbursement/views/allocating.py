"""Pages of which funds pay which award of a call: what is proposed, kept and changed."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.fund_forms import AwardFundsForm, KeepForm, award_funds_form, field_of
from fundapp.disbursement.presentation import funds as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries.funds import AwardMoney, Backing, backing
from fundapp.disbursement.services import allocating as services
from fundapp.disbursement.views import bp


@bp.get("/manage/<slug>/funds/awards")
@requires(P.FUNDS_READ)
def award_funds(slug: str) -> ResponseReturnValue:
    """Show the awards of a call with the funds that pay them, and what is proposed."""
    return _list_page(_call(slug, P.FUNDS_READ), [])


@bp.post("/manage/<slug>/funds/awards")
@requires(P.FUND_WRITE)
@fresh
def keep_proposal(slug: str) -> ResponseReturnValue:
    """Set aside what was proposed, as it was shown."""
    call = _call(slug, P.FUND_WRITE)
    try:
        number = services.keep_proposal(
            actor=current_actor(), call=call, seen=request.form.get("seen", ""), now=clock.now()
        )
    except Conflict as refusal:
        return _list_page(call, [Problem(refusal.message)]), 409
    flash(ngettext("%(num)s award has its money now.", "%(num)s awards have their money now.", number))
    return redirect(url_for("disbursement.award_funds", slug=slug))


@bp.get("/manage/<slug>/awards/<uuid:award_id>/funds")
@requires(P.FUND_WRITE)
def funds_of_award(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Show what each fund gives to an award, with what is proposed filled in."""
    call = _call(slug, P.FUND_WRITE)
    found = backing(actor=current_actor(), call=call)
    money = found.of(award_id)
    proposed = found.proposal.get(str(award_id), {})
    amounts = {key: money.given.get(key, 0) + proposed.get(key, 0) for key in {*money.given, *proposed}}
    data = {field_of(key): str(Money(minor, money.award.currency).decimal) for key, minor in amounts.items()}
    form = award_funds_form(presentation.fund_fields(money, found), data=data | {"seen": found.seen})
    return _award_page(call, found, money, form)


@bp.post("/manage/<slug>/awards/<uuid:award_id>/funds")
@requires(P.FUND_WRITE)
@fresh
def fund_award(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Let funds give an award what was typed."""
    call = _call(slug, P.FUND_WRITE)
    found = backing(actor=current_actor(), call=call)
    money = found.of(award_id)
    form, status = award_funds_form(presentation.fund_fields(money, found)), 422
    if form.validate():
        try:
            services.fund_award(
                actor=current_actor(),
                call=call,
                award_id=award_id,
                wanted=_wanted(form, money, found),
                reason=form.reason.data or "",
                seen=form.seen.data or "",
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors = [*form.form_errors, refusal.message]
            form.seen.data = found.seen  # what is shown below is what stands now
            status = 409
        else:
            flash(_("It stands in the ledger."))
            return redirect(url_for("disbursement.award_funds", slug=slug))
    return _award_page(call, found, money, form), status


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _wanted(form: AwardFundsForm, money: AwardMoney, found: Backing) -> dict[UUID, int]:
    """Return what was typed, in minor units by fund; an empty field is nothing. Raises RuleViolations."""
    wanted, problems = {}, []
    for row in found.funds:
        name = field_of(str(row.fund.id))
        typed = (form[name].data or "").strip() if name in form else ""
        if not typed:
            continue
        try:
            wanted[row.fund.id] = Money.parse(typed, money.award.currency, current_language()).minor
        except MoneyError as error:
            problems.append(Problem(error.message, field=name))
    if problems:
        raise RuleViolations(problems)
    return wanted


def _list_page(call: Call, problems: list[Problem]) -> str:
    actor = current_actor()
    found = backing(actor=actor, call=call)
    return render_template(
        "disbursement/award_funds.html",
        call=call_head(call),
        awards=presentation.awards_shown(found),
        proposed=len(found.proposal),
        lacking=sum(each.lacks_minor > 0 for each in found.awards) - len(found.proposal),
        form=KeepForm(formdata=None, data={"seen": found.seen}),
        may_write=presentation.may_write(actor, call),
        note=presentation.hidden_note(),
        problems=problems,
    )


def _award_page(call: Call, found: Backing, money: AwardMoney, form: AwardFundsForm) -> str:
    return render_template(
        "disbursement/funds_of_award.html",
        call=call_head(call),
        award=presentation.award_shown(money, found),
        fields=[form[field_of(key)] for key, _name, _hint in presentation.fund_fields(money, found)],
        currency=money.award.currency,
        form=form,
        note=presentation.hidden_note(),
    )
