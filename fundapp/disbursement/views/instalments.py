"""Pages of the instalments of an award: planned, waited for, approved by somebody else."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.disbursement.payment_forms import PaymentForm, PlanForm, StepForm, plan_form, rows_for, rows_of
from fundapp.disbursement.payment_rules import Planned
from fundapp.disbursement.presentation import payments as presentation
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.queries.payments import AwardPlan, managed_plan
from fundapp.disbursement.services import instalments as services
from fundapp.disbursement.views import bp

STEPS: Final[Mapping[str, tuple[Callable[..., None], str]]] = {
    "meet": (services.note_met, _l("It is noted that it may go. Somebody else approves it.")),
    "approve": (services.approve, _l("The instalment is approved. It can go into a payment file.")),
    "take_back": (services.take_back_approval, _l("The approval is taken back.")),
}


@bp.get("/manage/<slug>/awards/<uuid:award_id>/instalments")
@requires(P.PAYMENTS_READ)
def instalments(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Show in which parts an award is paid, and where each stands."""
    return instalments_page(_call(slug, P.PAYMENTS_READ), award_id)


@bp.post("/manage/<slug>/awards/<uuid:award_id>/instalments")
@requires(P.PAYMENT_PLAN)
@fresh
def plan_instalments(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Plan in which parts an award is paid."""
    call = _call(slug, P.PAYMENT_PLAN)
    plan = managed_plan(actor=current_actor(), call=call, award_id=award_id)
    form, status = plan_form(rows_of(request.form)), 422
    if form.validate():
        try:
            places, planned = _typed(form, plan)
            _plan(plan, places, planned, form.seen.data or "")
        except RuleViolations as violations:
            problems_into(form, violations)
        except Conflict as refusal:
            form.form_errors, status = [*form.form_errors, refusal.message], 409
            form.seen.data = managed_plan(actor=current_actor(), call=call, award_id=award_id).seen
        else:
            flash(_("The instalments are planned. Somebody else approves each."))
            return redirect(url_for("disbursement.instalments", slug=slug, award_id=award_id))
    return instalments_page(call, award_id, form), status


@bp.post("/manage/<slug>/awards/<uuid:award_id>/instalments/step")
@requires(P.PAYMENT_PLAN)
@fresh
def step_instalment(slug: str, award_id: UUID) -> ResponseReturnValue:
    """Say that an instalment may go, approve it, or take its approval back."""
    call, form = _call(slug, P.PAYMENT_PLAN), StepForm()
    plan = managed_plan(actor=current_actor(), call=call, award_id=award_id)
    found = next((row for row in plan.rows if str(row.instalment.id) == form.instalment.data), None)
    if found is None or form.step.data not in STEPS:
        raise NotFound
    change, said = STEPS[form.step.data]
    version = form.version.data or ""
    try:
        change(
            actor=current_actor(),
            award=plan.award,
            instalment_id=found.instalment.id,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
            now=clock.now(),
        )
    except Conflict as refusal:
        form.form_errors = [*form.form_errors, refusal.message]
        return instalments_page(call, award_id, step=form), 409
    flash(str(said))
    return redirect(url_for("disbursement.instalments", slug=slug, award_id=award_id))


def instalments_page(
    call: Call,
    award_id: UUID,
    form: PlanForm | None = None,
    *,
    step: StepForm | None = None,
    payment: PaymentForm | None = None,
) -> str:
    """Return the page of an award's instalments; a form that was refused is shown with what was typed."""
    plan = managed_plan(actor=current_actor(), call=call, award_id=award_id)
    data = presentation.plan_data(plan)
    planned = sum(not row.is_kept for row in plan.rows)
    asked = form or plan_form(rows_for(planned), data=data)
    return render_template(
        "disbursement/instalments.html",
        call=call_head(call),
        shown=presentation.plan_shown(plan, call),
        form=asked,
        places=range(sum(field.name.startswith("amount-") for field in asked)),
        wrong=form or step or payment,
        payment=payment or PaymentForm(formdata=None),
    )


def _typed(form: PlanForm, plan: AwardPlan) -> tuple[list[int], list[Planned]]:
    """Return the rows in which something was typed: their places, and what. Raises RuleViolations."""
    places, planned, problems = [], [], []
    for place in range(sum(field.name.startswith("amount-") for field in form)):
        amount, waits = ((form[f"{name}-{place}"].data or "").strip() for name in ("amount", "waits"))
        due = form[f"due-{place}"].data
        if not (amount or waits or due):
            continue
        try:
            minor = Money.parse(amount, plan.award.currency, current_language()).minor
        except MoneyError as error:
            problems.append(Problem(error.message, field=f"amount-{place}"))
            continue
        places.append(place)
        planned.append(Planned(minor, waits, due))
    if problems:
        raise RuleViolations(problems)
    return places, planned


def _plan(plan: AwardPlan, places: list[int], planned: list[Planned], seen: str) -> None:
    """Plan what was typed; what is wrong is said beside the row in which it was typed."""
    try:
        services.plan_award(actor=current_actor(), award=plan.award, planned=planned, seen=seen, now=clock.now())
    except RuleViolations as violations:
        raise RuleViolations([_beside(problem, places) for problem in violations.problems]) from violations


def _beside(problem: Problem, places: list[int]) -> Problem:
    if problem.field is None:
        return problem
    name, _dash, number = problem.field.rpartition("-")
    return Problem(problem.message, field=f"{name}-{places[int(number)]}")


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)
