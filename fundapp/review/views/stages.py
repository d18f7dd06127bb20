"""Pages of the stages of a call: what stands where, who reads there, and which entries go on."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call, Stage, StageKind
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.presentation import stages as presentation
from fundapp.review.queries import stages as queries
from fundapp.review.queries.stages import StageBoard
from fundapp.review.services import stages as services
from fundapp.review.stage_forms import (
    DEFAULT_PLACES,
    MOST_PLACES,
    MoveForm,
    PlacesForm,
    SeatsForm,
    move_form,
    places_form,
    seats_form,
)
from fundapp.review.stage_rules import Proposed
from fundapp.review.views import bp

MOVE = "move"


@bp.get("/manage/<slug>/stages")
@requires(P.TALLY_READ)
def stages(slug: str) -> ResponseReturnValue:
    """Show the stages of a call with what stands in each, and the steps that were taken."""
    actor, call = current_actor(), _call(slug, P.TALLY_READ)
    last = queries.last_move(call=call)
    return render_template(
        "review/stages.html",
        **_head(call),
        stages=presentation.stages_shown(queries.stage_counts(actor=actor, call=call), call),
        moves=presentation.moves_shown(queries.moves(actor=actor, call=call), call),
        may_undo=last is not None and actor.can(P.DECISION_MAKE, call.id) and not queries.is_started(last),
        may_write=actor.can(P.CALL_WRITE, call.id),
    )


@bp.get("/manage/<slug>/stages/<stage>")
@requires(P.TALLY_READ)
def stage(slug: str, stage: str) -> ResponseReturnValue:
    """Show the entries of a stage with their figures, and what the scores propose for ?places… of each category."""
    call = _call(slug, P.TALLY_READ)
    found = queries.stage_of(call=call, code=stage)
    board = queries.stage_board(actor=current_actor(), call=call, stage=found, places=_places(call))
    chosen = [entry_id for entry_id, proposed in board.proposal.items() if proposed is Proposed.ON]
    return _stage_page(call, board, move_form(list(board.proposal), chosen), chosen)


@bp.post("/manage/<slug>/stages/<stage>")
@requires(P.DECISION_MAKE)
@fresh
def move(slug: str, stage: str) -> ResponseReturnValue:
    """Show what taking the ticked entries on would do; with action=move, do it."""
    call = _call(slug, P.DECISION_MAKE)
    found = queries.stage_of(call=call, code=stage)
    board = queries.stage_board(actor=current_actor(), call=call, stage=found, places=_places(call))
    form = move_form(list(board.proposal), ())
    chosen = form.entries.data or []
    if not form.validate():
        return _stage_page(call, board, form, chosen), 422
    if request.form.get("action") != MOVE:
        return _stage_page(call, board, form, chosen, shows_effect=True)
    try:
        made = services.move_on(
            actor=current_actor(),
            call=call,
            stage=found,
            chosen=[UUID(each) for each in chosen],
            places=_places(call),
            reason=form.reason.data or "",
            now=clock.now(),
        )
    except RuleViolations as violations:
        problems_into(form, violations)
        return _stage_page(call, board, form, chosen, shows_effect=True), 422
    flash(
        ngettext(
            "%(num)s entry went on. Until somebody begins there, you can take the step back.",
            "%(num)s entries went on. Until somebody begins there, you can take the step back.",
            len(made.moved),
        )
    )
    return redirect(url_for("review.stages", slug=slug))


@bp.post("/manage/<slug>/stages/undo")
@requires(P.DECISION_MAKE)
@fresh
def undo(slug: str) -> ResponseReturnValue:
    """Take the last step back."""
    call = _call(slug, P.DECISION_MAKE)
    services.undo_move(actor=current_actor(), call=call, now=clock.now())
    flash(_("The step was taken back."))
    return redirect(url_for("review.stages", slug=slug))


@bp.get("/manage/<slug>/stages/<stage>/panel")
@requires(P.ASSIGNMENT_PLAN)
def stage_panel(slug: str, stage: str) -> ResponseReturnValue:
    """Ask who reads in a stage."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    found = queries.stage_of(call=call, code=stage)
    return _panel_page(call, found, _seats_form(call, found))


@bp.post("/manage/<slug>/stages/<stage>/panel")
@requires(P.ASSIGNMENT_PLAN)
def choose_seats(slug: str, stage: str) -> ResponseReturnValue:
    """Say who reads in a stage."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    found = queries.stage_of(call=call, code=stage)
    form = _seats_form(call, found)
    if form.validate():
        try:
            services.choose_seats(
                actor=current_actor(),
                call=call,
                stage=found,
                reviewer_ids=[UUID(each) for each in form.reviewers.data or ()],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("Saved. It counts for what is given to reviewers from now on."))
            return redirect(url_for("review.stage", slug=slug, stage=stage))
    return _panel_page(call, found, form), 422


def _call(slug: str, permission: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _field_of(pool: str) -> str:
    return f"places_{pool}"


def _places(call: Call) -> Mapping[str, int]:
    """Return how many of each category the address asks for; what is no number there counts as the usual one."""
    pools = ["", *(category.code for category in call.categories)]
    asked = {pool: request.args.get(_field_of(pool), DEFAULT_PLACES, type=int) for pool in pools}
    return {pool: min(max(0, number), MOST_PLACES) for pool, number in asked.items()}


def _head(call: Call) -> dict[str, object]:
    return {"slug": call.slug, "call_title": said(call.titles)}


def _places_form(call: Call, board: StageBoard) -> PlacesForm:
    places = _places(call)
    titles = presentation.pool_titles(board)
    values = {_field_of(pool): places[pool] for pool, _title in titles}
    return places_form([(_field_of(pool), title) for pool, title in titles], formdata=None, data=values)


def _stage_page(
    call: Call, board: StageBoard, form: MoveForm, chosen: Collection[str], *, shows_effect: bool = False
) -> str:
    actor, found = current_actor(), board.stage
    asked: dict[str, Any] = {key: value for key, value in request.args.items() if key.startswith("places_")}
    return render_template(
        "review/stage.html",
        **_head(call),
        stage=found.code,
        title=presentation.stage_title(found),
        target=presentation.stage_title(board.following) if board.following else None,
        is_screening=found.kind is StageKind.SCREENING,
        pools=presentation.pools_of(board, chosen, call.slug if actor.can(P.DISCUSSION_READ, call.id) else ""),
        places=_places_form(call, board) if found.kind is StageKind.REVIEW and board.following else None,
        form=form,
        action=url_for("review.move", slug=call.slug, stage=found.code, **asked),
        effect=presentation.effect_shown(board, chosen) if shows_effect else None,
        may_move=board.following is not None and actor.can(P.DECISION_MAKE, call.id),
        may_seat=actor.can(P.ASSIGNMENT_PLAN, call.id),
        move=MOVE,
    )


def _seats_form(call: Call, stage: Stage) -> SeatsForm:
    panel = queries.panel_of(call=call)
    seats = [str(seat.reviewer_id) for seat in queries.seats_of(stage)]
    return seats_form([(str(each.id), each.person.name or each.person.email) for each in panel], seats)


def _panel_page(call: Call, stage: Stage, form: SeatsForm) -> str:
    return render_template(
        "review/stage_panel.html",
        **_head(call),
        stage=stage.code,
        title=presentation.stage_title(stage),
        form=form,
    )
