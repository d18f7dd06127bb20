"""Pages of the lists that people try, one by one and beside each other."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires
from fundapp.core.web import problems_into
from fundapp.review.list_forms import DeleteListForm, ListNameForm
from fundapp.review.list_rules import MOST_COMPARED
from fundapp.review.models import SlateStatus, TrialList
from fundapp.review.presentation import lists as presentation
from fundapp.review.presentation.lists_compared import compared_shown
from fundapp.review.queries import lists as queries
from fundapp.review.queries.selection import current_slate, terms_set
from fundapp.review.services import lists as services
from fundapp.review.views import bp

RENAME, COPY, DELETE = "rename", "copy", "delete"


@bp.get("/manage/<slug>/lists")
@requires(P.SLATE_READ)
def trial_lists(slug: str) -> ResponseReturnValue:
    """Show the lists that are tried in a call."""
    return _lists_page(call_of(slug, P.SLATE_READ), ListNameForm(formdata=None))


@bp.post("/manage/<slug>/lists")
@requires(P.DECISION_MAKE)
def make_list(slug: str) -> ResponseReturnValue:
    """Make a list that begins as the proposal."""
    call, form = call_of(slug, P.DECISION_MAKE), ListNameForm()
    if form.validate():
        try:
            made = services.make_list(actor=current_actor(), call=call, name=form.name.data or "", now=clock.now())
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("review.trial_list", slug=slug, list_id=made.id))
    return _lists_page(call, form), 422


@bp.get("/manage/<slug>/lists/<uuid:list_id>")
@requires(P.SLATE_READ)
def trial_list(slug: str, list_id: UUID) -> ResponseReturnValue:
    """Show a list: its rows with their reasons, the line, money, rules and balance; ?page= turns the pages."""
    call, trial = found(slug, list_id, P.SLATE_READ)
    actor = current_actor()
    board = queries.board_of(actor=actor, trial=trial, ground=queries.ground_of(actor=actor, call=call))
    names = presentation.names_of(board.ground)
    may_change = may_try(call)
    columns = [presentation.list_column(_("This list"), board.made, call.currency)]
    last = queries.last_round(actor=actor, call=call)
    return render_template(
        "review/list.html",
        **frame(call, trial),
        page=presentation.rows_shown(board, names, request.args.get("page", 1, type=int), may_mark=may_change),
        stand=presentation.stand_shown(board.made, names),
        balances=presentation.balances_shown(columns, board.ground, last),
        shows_adjusted=presentation.leads_adjusted(board.ground),
        draws_lots=board.ground.selection.terms.draw_band is not None,
        may_change=may_change,
    )


@bp.get("/manage/<slug>/lists/<uuid:list_id>/change")
@requires(P.DECISION_MAKE)
def change_list(slug: str, list_id: UUID) -> ResponseReturnValue:
    """Offer to rename, copy or delete a list."""
    call, trial = found(slug, list_id, P.DECISION_MAKE)
    return _change_page(call, trial, ListNameForm(formdata=None, name=trial.name), DeleteListForm(formdata=None))


@bp.post("/manage/<slug>/lists/<uuid:list_id>/change")
@requires(P.DECISION_MAKE)
def save_list(slug: str, list_id: UUID) -> ResponseReturnValue:
    """Rename, copy or delete a list."""
    call, trial = found(slug, list_id, P.DECISION_MAKE)
    actor, action, now = current_actor(), request.form.get("action"), clock.now()
    if action == DELETE:
        sure = DeleteListForm()
        if not sure.validate():
            return _change_page(call, trial, ListNameForm(formdata=None, name=trial.name), sure), 422
        services.delete_list(actor=actor, trial=trial, now=now)
        flash(_("The list was thrown away. No decision changed."))
        return redirect(url_for("review.trial_lists", slug=slug))
    form = ListNameForm()
    if form.validate():
        name = form.name.data or ""
        try:
            if action == COPY:
                trial = services.copy_list(actor=actor, trial=trial, name=name, now=now)
            else:
                services.rename_list(actor=actor, trial=trial, name=name, now=now)
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("review.trial_list", slug=slug, list_id=trial.id))
    return _change_page(call, trial, form, DeleteListForm(formdata=None)), 422


@bp.get("/manage/<slug>/lists/compare")
@requires(P.SLATE_READ)
def compare_lists(slug: str) -> ResponseReturnValue:
    """Show the lists ?list-1=…&list-2=… beside each other: two to MOST_COMPARED of them."""
    call, actor = call_of(slug, P.SLATE_READ), current_actor()
    wanted = {value for name, value in request.args.items() if name.startswith("list-")}
    chosen = [each for each in queries.lists_of(call) if str(each.id) in wanted]
    if call.is_impartial or not 2 <= len(chosen) <= MOST_COMPARED:
        message = _("Tick two to %(most)s lists to compare them.", most=MOST_COMPARED)
        return _lists_page(call, ListNameForm(formdata=None), [Problem(message)])
    ground = queries.ground_of(actor=actor, call=call)
    boards = [queries.board_of(actor=actor, trial=each, ground=ground) for each in chosen]
    last = queries.last_round(actor=actor, call=call)
    return render_template("review/lists_compare.html", **frame(call), compared=compared_shown(boards, ground, last))


def call_of(slug: str, permission: P) -> Call:
    """Return a call in which the actor holds a permission. Raises NotFound."""
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def found(slug: str, list_id: UUID, permission: P) -> tuple[Call, TrialList]:
    """Return a list with its call. Raises NotFound."""
    call = call_of(slug, permission)
    return call, queries.trial_list(call=call, list_id=list_id)


def may_try(call: Call) -> bool:
    """Say whether the actor may change lists of a call now: the list of decisions is open."""
    slate = current_slate(call=call)
    is_open = slate is None or slate.status is SlateStatus.OPEN
    return is_open and not call.is_impartial and current_actor().can(P.DECISION_MAKE, call.id)


def frame(call: Call, trial: TrialList | None = None) -> dict[str, object]:
    """Return what every page about lists of a call shows around its own matter."""
    around: dict[str, object] = {"slug": call.slug, "call_title": said(call.titles), "currency": call.currency}
    if trial is not None:
        around |= {"list_id": trial.id, "name": trial.name}
    return around


def _lists_page(call: Call, form: ListNameForm, problems: list[Problem] | None = None) -> str:
    return render_template(
        "review/lists.html",
        **frame(call),
        lists=presentation.links_shown(queries.lists_of(call), call),
        is_impartial=call.is_impartial,
        draws_lots=terms_set(call).draw_band is not None,
        may_change=may_try(call),
        form=form,
        problems=problems or [],
        most=MOST_COMPARED,
    )


def _change_page(call: Call, trial: TrialList, form: ListNameForm, sure: DeleteListForm) -> str:
    return render_template("review/list_change.html", **frame(call, trial), form=form, sure=sure)
