"""Pages of those who give entries to reviewers: coverage, plans, and one entry's readers."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Call, Entry
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.paging import Page
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.assigning_forms import CHANGES, Change, ChangeForm, NewPlanForm, PlanForm, ReadersForm
from fundapp.review.models import PairRuleKind, Plan, Reviewer
from fundapp.review.presentation.assigning import coverage_shown, plan_shown, recusal_shown
from fundapp.review.presentation.pairs import effect_shown, readers_shown
from fundapp.review.queries import panel as queries
from fundapp.review.queries import planning as plans
from fundapp.review.queries.barred import ruled_pairs
from fundapp.review.queries.panel import ReviewerRow
from fundapp.review.services import pairs as by_hand
from fundapp.review.services import planning as services
from fundapp.review.views import bp

PAGE_SIZE = 50


@bp.get("/manage/<slug>/assignment")
@requires(P.PANEL_READ)
def assignment(slug: str) -> ResponseReturnValue:
    """Show what is covered, and whoever may plan their last plan with what it would change."""
    return _assignment_page(_call(slug, P.PANEL_READ))


@bp.post("/manage/<slug>/assignment/plan")
@requires(P.ASSIGNMENT_PLAN)
def make_plan(slug: str) -> ResponseReturnValue:
    """Make a plan, at once or in the background. It changes nothing before it is applied."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    form = _sent_plan_form(call)
    if not form.validate():
        return _assignment_page(call, form), 422
    services.request_plan(
        actor=current_actor(),
        call=call,
        is_fair=bool(form.is_fair.data),
        without=[UUID(each) for each in form.without.data or ()],
        now=clock.now(),
    )
    return _back(slug)


@bp.post("/manage/<slug>/assignment")
@requires(P.ASSIGNMENT_PLAN)
def apply_assignment(slug: str) -> ResponseReturnValue:
    """Apply the plan that was shown."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    result = services.apply_plan(actor=current_actor(), plan=_shown_plan(call), now=clock.now())
    flash(
        ngettext(
            "Done: %(num)s new assignment. The reviewers are told by mail.",
            "Done: %(num)s new assignments. The reviewers are told by mail.",
            len(result.added),
        )
    )
    return _back(slug)


@bp.post("/manage/<slug>/assignment/undo")
@requires(P.ASSIGNMENT_PLAN)
def undo_assignment(slug: str) -> ResponseReturnValue:
    """Put back what the plan that was applied last has changed."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    services.undo_plan(actor=current_actor(), plan=_shown_plan(call), now=clock.now())
    flash(_("Undone: everything is as it was before this plan."))
    return _back(slug)


@bp.post("/manage/<slug>/assignment/bridges")
@requires(P.ASSIGNMENT_PLAN)
def accept_bridges(slug: str) -> ResponseReturnValue:
    """Keep the proposed pairs together, and plan anew."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    plan = _shown_plan(call)
    count = services.accept_bridges(actor=current_actor(), plan=plan, now=clock.now())
    services.request_plan(actor=current_actor(), call=call, is_fair=plan.is_fair, now=clock.now())
    flash(ngettext("%(num)s pair is in the new plan.", "%(num)s pairs are in the new plan.", count))
    return _back(slug)


@bp.post("/manage/<slug>/assignment/anchors")
@requires(P.ASSIGNMENT_PLAN)
def accept_anchors(slug: str) -> ResponseReturnValue:
    """Let more people read the proposed entries, and plan anew."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    plan = _shown_plan(call)
    count = services.accept_anchors(actor=current_actor(), plan=plan, now=clock.now())
    services.request_plan(actor=current_actor(), call=call, is_fair=plan.is_fair, now=clock.now())
    flash(
        ngettext(
            "%(num)s entry is read by more people in the new plan.",
            "%(num)s entries are read by more people in the new plan.",
            count,
        )
    )
    return _back(slug)


@bp.get("/manage/<slug>/assignment/<uuid:entry_id>")
@requires(P.PANEL_READ)
def readers(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Show who reads an entry and who could, and the effect of a change that was chosen."""
    call = _call(slug, P.PANEL_READ)
    return _readers_page(call, _entry(call, entry_id))


@bp.post("/manage/<slug>/assignment/<uuid:entry_id>")
@requires(P.ASSIGNMENT_PLAN)
def change_readers(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Do what was chosen about an entry and a reviewer, its effect having been shown."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    entry = _entry(call, entry_id)
    form = _change_form(call)
    if form.validate():
        try:
            _change(call, entry, _reviewer(call, form.reviewer.data), Change(form.change.data))
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Done."))
            return redirect(url_for("review.readers", slug=slug, entry_id=entry_id))
    return _readers_page(call, entry, form=form), 422


@bp.post("/manage/<slug>/assignment/<uuid:entry_id>/readers")
@requires(P.ASSIGNMENT_PLAN)
def set_readers(slug: str, entry_id: UUID) -> ResponseReturnValue:
    """Say how many people read an entry; the next plan follows it."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    entry = _entry(call, entry_id)
    form = ReadersForm()
    if form.validate():
        try:
            by_hand.set_readers(actor=current_actor(), entry=entry, readers=form.readers.data, now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Kept. The next plan follows it."))
            return redirect(url_for("review.readers", slug=slug, entry_id=entry_id))
    return _readers_page(call, entry, readers_form=form), 422


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("review.assignment", slug=slug))


def _shown_plan(call: Call) -> Plan:
    """Return the plan that a button is about. Raises NotFound for one of somebody else, or one that is gone."""
    plan = plans.latest_plan(actor=current_actor(), call=call)
    if plan is None or str(plan.id) != PlanForm().plan.data:
        raise NotFound
    return plan


def _entry(call: Call, entry_id: UUID) -> Entry:
    return plans.entry_to_read(actor=current_actor(), call=call, entry_id=entry_id)


def _reviewer(call: Call, reviewer_id: str) -> Reviewer:
    return plans.reviewer_of(call=call, reviewer_id=UUID(reviewer_id))


def _new_plan_form(reviewers: Sequence[ReviewerRow]) -> NewPlanForm:
    """Return an empty form that names those who may have fallen silent: with nothing begun first, then with most to do.

    It names no more than one page holds.
    """
    form = NewPlanForm(formdata=None)
    waited_for = sorted(
        (row for row in reviewers if row.waiting), key=lambda row: (row.load != row.waiting, -row.waiting)
    )
    form.offer([(str(row.id), row.name) for row in waited_for[:PAGE_SIZE]])
    return form


def _sent_plan_form(call: Call) -> NewPlanForm:
    form = NewPlanForm()
    rows = queries.reviewers(actor=current_actor(), call=call)
    form.offer([(str(row.id), row.name) for row in rows if row.waiting])
    return form


def _change_form(call: Call) -> ChangeForm:
    form = ChangeForm()
    rows = queries.reviewers(actor=current_actor(), call=call)
    form.offer([(str(row.id), row.name) for row in rows])
    return form


def _change(call: Call, entry: Entry, reviewer: Reviewer, change: Change) -> None:
    actor, now = current_actor(), clock.now()
    if change is Change.GIVE:
        by_hand.assign_by_hand(actor=actor, call=call, pairs=[(entry, reviewer)], now=now)
    elif change is Change.TAKE:
        by_hand.take_by_hand(actor=actor, entry=entry, reviewer=reviewer, now=now)
    else:
        kind = {Change.PIN: PairRuleKind.PIN, Change.FORBID: PairRuleKind.FORBID}.get(change)
        by_hand.rule_pair(actor=actor, entry=entry, reviewer=reviewer, kind=kind, now=now)


def _assignment_page(call: Call, form: NewPlanForm | None = None) -> str:
    actor = current_actor()
    coverage = queries.coverage(actor=actor, call=call)
    reviewers = queries.reviewers(actor=actor, call=call)
    may_plan = actor.can(P.ASSIGNMENT_PLAN, call.id)
    plan = plans.latest_plan(actor=actor, call=call) if may_plan else None
    link = actor.can(P.APPLICATION_READ, call.id)
    number = max(1, request.args.get("page", 1, type=int))
    recusals, recusals_in_all = queries.recusals(actor=actor, call=call, limit=PAGE_SIZE)
    here = coverage[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return render_template(
        "review/assignment.html",
        slug=call.slug,
        call_title=said(call.titles),
        may_plan=may_plan,
        plan=plan_shown(
            plan, reviewers, coverage, is_last=plans.last_applied(call) is plan, is_begun=plans.is_begun(plan)
        )
        if plan
        else None,
        coverage=Page([coverage_shown(row, call.slug, link=link) for row in here], number, PAGE_SIZE, len(coverage)),
        recusals=[recusal_shown(row, call) for row in recusals],
        recusals_in_all=recusals_in_all,
        form=form or _new_plan_form(reviewers),
        plan_form=PlanForm(formdata=None, plan=str(plan.id) if plan else ""),
    )


def _readers_page(
    call: Call, entry: Entry, *, form: ChangeForm | None = None, readers_form: ReadersForm | None = None
) -> str:
    actor = current_actor()
    facts = plans.planning_facts(actor=actor, call=call)
    need = next((each for each in facts.entries if each.id == str(entry.id)), None)
    if need is None:
        raise NotFound
    rows = queries.reviewers(actor=actor, call=call)
    rules = {pair: kind for kind in PairRuleKind for pair in ruled_pairs(call, kind)}
    shown = readers_shown(need, facts, rows, rules, number=max(1, request.args.get("page", 1, type=int)))
    is_chosen = "reviewer" in request.args  # also where nothing was chosen, which is said then
    if form is None:
        form = ChangeForm(request.args, meta={"csrf": False}) if is_chosen else ChangeForm(formdata=None)
        form.offer([(each.id, each.name) for each in shown.items])
    effect = None
    if is_chosen and form.validate():
        row = next(each for each in rows if str(each.id) == form.reviewer.data)
        effect = effect_shown(need, facts, row, Change(form.change.data))
    return render_template(
        "review/readers.html",
        slug=call.slug,
        entry_id=entry.id,
        face=face_of(entry.application),
        category=said(entry.category.titles) if entry.category else None,
        wanted=need.seats,
        readers=shown,
        form=form,
        effect=effect,
        confirm=CHANGES[Change(form.change.data)] if effect else "",
        readers_form=readers_form or ReadersForm(formdata=None),
        shown_form=readers_form if readers_form is not None and readers_form.errors else form,
        may_plan=actor.can(P.ASSIGNMENT_PLAN, call.id),
    )
