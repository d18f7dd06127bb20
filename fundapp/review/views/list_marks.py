"""Pages on which people change a list and adopt it: the effect is shown before anything is kept."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.core import clock
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import current_language, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money, MoneyError
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.list_forms import PROPOSAL, AdoptForm, MarkForm, mark_form
from fundapp.review.list_rules import TAKES_AMOUNT, MarkKind, Wish, fingerprint, wish_problems
from fundapp.review.models import Outcome
from fundapp.review.presentation import lists as presentation
from fundapp.review.queries import lists as queries
from fundapp.review.queries.lists import Board
from fundapp.review.queries.ranking import Ranked
from fundapp.review.services import adopting, lists
from fundapp.review.views import bp
from fundapp.review.views.lists import found, frame

KEEP, SHOW = "keep", "show"


@bp.get("/manage/<slug>/lists/<uuid:list_id>/entries/<uuid:entry_id>")
@requires(P.DECISION_MAKE)
def mark(slug: str, list_id: UUID, entry_id: UUID) -> ResponseReturnValue:
    """Ask what should become of an entry in a list."""
    board, row = _row(slug, list_id, entry_id)
    return _mark_page(board, row, _stored_form(board, row))


@bp.post("/manage/<slug>/lists/<uuid:list_id>/entries/<uuid:entry_id>")
@requires(P.DECISION_MAKE)
def save_mark(slug: str, list_id: UUID, entry_id: UUID) -> ResponseReturnValue:
    """Show what a wish for an entry does to the whole list; with action=keep, keep it as it was shown."""
    board, row = _row(slug, list_id, entry_id)
    form = mark_form(is_fixed=row.is_fixed, is_marked=str(entry_id) in board.marks)
    if not form.validate():
        return _mark_page(board, row, form), 422
    try:
        wish = _wish(form, row, board.ground.selection.call.currency)
    except RuleViolations as violations:
        problems_into(form, violations)
        return _mark_page(board, row, form), 422
    is_as_shown = form.shown.data == fingerprint(board.seen, wish)
    if request.form.get("action") != KEEP or not is_as_shown:
        return _mark_page(board, row, form, shows=(wish,))
    try:
        lists.mark_entry(
            actor=current_actor(),
            trial=board.trial,
            entry=row.entry,
            wish=wish,
            reason=form.reason.data or "",
            seen=board.seen,
            now=clock.now(),
        )
    except Conflict as conflict:
        form.form_errors = [*form.form_errors, conflict.message]
        return _mark_page(*_row(slug, list_id, entry_id), form, shows=(wish,)), 409
    flash(_("Kept in the list. Nothing is decided by that."))
    return redirect(url_for("review.trial_list", slug=slug, list_id=list_id))


@bp.get("/manage/<slug>/lists/<uuid:list_id>/adopt")
@requires(P.DECISION_MAKE)
def adopt(slug: str, list_id: UUID) -> ResponseReturnValue:
    """Show what adopting a list changes in the decisions."""
    return _adopt_page(_board(slug, list_id), [])


@bp.post("/manage/<slug>/lists/<uuid:list_id>/adopt")
@requires(P.DECISION_MAKE)
@fresh
def adopt_list(slug: str, list_id: UUID) -> ResponseReturnValue:
    """Decide as a list proposes."""
    board = _board(slug, list_id)
    try:
        made = adopting.adopt_list(
            actor=current_actor(),
            trial=board.trial,
            seen=AdoptForm().seen.data or "",
            names=presentation.names_of(board.ground),
            now=clock.now(),
        )
    except RuleViolations as violations:
        return _adopt_page(_board(slug, list_id), list(violations.problems)), 422
    except Conflict as conflict:
        return _adopt_page(_board(slug, list_id), [Problem(conflict.message)]), 409
    flash(ngettext("%(num)s decision was made or changed.", "%(num)s decisions were made or changed.", made))
    return redirect(url_for("review.selection", slug=slug))


def _board(slug: str, list_id: UUID) -> Board:
    call, trial = found(slug, list_id, P.DECISION_MAKE)
    actor = current_actor()
    return queries.board_of(actor=actor, trial=trial, ground=queries.ground_of(actor=actor, call=call))


def _row(slug: str, list_id: UUID, entry_id: UUID) -> tuple[Board, Ranked]:
    board = _board(slug, list_id)
    return board, board.row(entry_id)


def _wish(form: MarkForm, row: Ranked, currency: str) -> Wish | None:
    """Return what was chosen; None: the proposal again. Raises RuleViolations."""
    if form.wish.data == PROPOSAL:
        return None
    kind = MarkKind(form.wish.data)
    amount_minor = None
    if kind in TAKES_AMOUNT and "amount" in form and (form.amount.data or "").strip():
        try:
            amount_minor = Money.parse(form.amount.data, currency, current_language()).minor
        except MoneyError as error:
            raise RuleViolations([Problem(error.message, field="amount")]) from error
    problems = wish_problems(
        kind, amount_minor, form.reason.data or "", in_full_minor=row.in_full_minor, is_fixed=row.is_fixed
    )
    if problems:
        raise RuleViolations(problems)
    return Wish(kind, amount_minor)


def _stored_form(board: Board, row: Ranked) -> MarkForm:
    kept = board.marks.get(str(row.entry.id))
    currency = board.ground.selection.call.currency
    amount = str(Money(kept.amount_minor, currency).decimal) if kept and kept.amount_minor is not None else ""
    return mark_form(
        is_fixed=row.is_fixed,
        is_marked=kept is not None,
        formdata=None,
        wish=kept.kind.value if kept else None,
        amount=amount,
        reason=kept.reason if kept else "",
    )


def _mark_page(board: Board, row: Ranked, form: MarkForm, *, shows: tuple[Wish | None, ...] = ()) -> str:
    """Return the form of an entry; with `shows` also what that wish does to the whole list."""
    ground, names = board.ground, presentation.names_of(board.ground)
    stand = effect = None
    form.shown.data = ""
    for wish in shows:
        after = board.with_wish(row.entry.id, wish)
        form.shown.data = fingerprint(board.seen, wish)
        stand = presentation.stand_shown(after, names)
        effect = presentation.effect_shown(board.made.given, after.given, ground)
    return render_template(
        "review/list_mark.html",
        **frame(ground.selection.call, board.trial),
        entry=presentation.row_shown(board, names, str(row.entry.id)),
        before=presentation.stand_shown(board.made, names),
        stand=stand,
        effect=effect,
        form=form,
        keep=KEEP,
        show=SHOW,
    )


def _adopt_page(board: Board, problems: list[Problem]) -> str:
    ground, names = board.ground, presentation.names_of(board.ground)
    chosen = adopting.choices_of(board)
    before = ground.decided_minor
    awards = {key: each.amount_minor for key, each in chosen.items() if each.outcome is Outcome.AWARD}
    after = awards | {key: amount for key, amount in before.items() if key not in chosen}
    return render_template(
        "review/list_adopt.html",
        **frame(ground.selection.call, board.trial),
        effect=presentation.effect_shown(before, after, ground),
        stand=presentation.stand_shown(board.made, names),
        adoption=presentation.adoption_shown(
            ground,
            after,
            [each.outcome for each in chosen.values()],
            adopting.left_to_people(board),
            adopting.left_to_lots(board),
        ),
        form=AdoptForm(formdata=None, seen=board.seen),
        problems=problems,
    )
