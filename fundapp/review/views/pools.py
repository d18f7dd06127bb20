"""Pages of the pools in which applicants review each other."""

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.impartial import impartial_words
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.queries.public import announced_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.routes import fresh, public, requires
from fundapp.core.web import problems_into
from fundapp.review.pool_forms import ApplicantsForm, ExcuseForm, PoolDrawForm, PoolListForm
from fundapp.review.presentation import pools as presentation
from fundapp.review.queries import pools as queries
from fundapp.review.services import pools as services
from fundapp.review.views import bp


@bp.get("/calls/<slug>/pools")
@public
def pools(slug: str) -> ResponseReturnValue:
    """Say why nobody can gain by marking others down, how the pools were drawn, and where one stands oneself."""
    call = _impartial(announced_call(slug))
    return render_template("review/pools.html", **_shown(call), own=_own(call))


@bp.get("/calls/<slug>/pools.txt")
@public
def pools_file(slug: str) -> ResponseReturnValue:
    """Give the list of lots, so that anybody can repeat the draw."""
    call = _impartial(announced_call(slug))
    draw = queries.current_draw(call)
    if draw is None:
        raise NotFound
    return Response(queries.lots_as_text(draw), mimetype="text/plain")


@bp.get("/manage/<slug>/pools")
@requires(P.PANEL_READ)
def manage_pools(slug: str) -> ResponseReturnValue:
    """Show what is to be done about the pools, and who did what was asked of them."""
    return _page(_call(slug, P.PANEL_READ))


@bp.post("/manage/<slug>/pools/list")
@requires(P.ASSIGNMENT_PLAN)
@fresh
def fix_list(slug: str) -> ResponseReturnValue:
    """Fix the list for the draw."""
    call, form = _call(slug, P.ASSIGNMENT_PLAN), PoolListForm()
    if form.validate():
        try:
            services.fix_list(
                actor=current_actor(),
                call=call,
                value_source=form.value_source.data or "",
                value_at=form.instant(call.time_zone),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The list is fixed. Come back when the public value is known."))
            return _back(slug)
    return _page(call, listing=form), 422


@bp.post("/manage/<slug>/pools/draw")
@requires(P.ASSIGNMENT_PLAN)
@fresh
def draw_pools(slug: str) -> ResponseReturnValue:
    """Draw the pools by the public value."""
    call, form = _call(slug, P.ASSIGNMENT_PLAN), PoolDrawForm()
    if form.validate():
        try:
            services.draw_pools(
                actor=current_actor(), call=call, public_value=form.public_value.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The pools are drawn. Readers can be found now."))
            return _back(slug)
    return _page(call, drawing=form), 422


@bp.post("/manage/<slug>/pools/late")
@requires(P.ASSIGNMENT_PLAN)
def place_late(slug: str) -> ResponseReturnValue:
    """Place what became eligible after the draw."""
    call = _call(slug, P.ASSIGNMENT_PLAN)
    try:
        placed = services.place_late(actor=current_actor(), call=call, now=clock.now())
    except RuleViolations as violations:
        return _page(call, problems=violations.problems), 422
    flash(ngettext("%(num)s application was placed.", "%(num)s applications were placed.", placed))
    return _back(slug)


@bp.post("/manage/<slug>/pools/excuse")
@requires(P.ASSIGNMENT_PLAN)
def excuse(slug: str) -> ResponseReturnValue:
    """Excuse the people of an application from what is left of their reviews."""
    call, form = _call(slug, P.ASSIGNMENT_PLAN), ExcuseForm()
    rows = _duties(call)
    form.offer(presentation.duty_choices(rows))
    if form.validate():
        row = next(row for row in rows if str(row.place.application_id) == form.application.data)
        services.excuse(
            actor=current_actor(),
            call=call,
            application_id=row.place.application_id,
            reason=form.reason.data or "",
            now=clock.now(),
        )
        flash(_("They are excused."))
        return _back(slug)
    return _page(call, excusing=form), 422


@bp.post("/manage/<slug>/pools/open")
@requires(P.DECISION_MAKE)
@fresh
def open_scores(slug: str) -> ResponseReturnValue:
    """Open the scores: reviews end."""
    call = _call(slug, P.DECISION_MAKE)
    try:
        services.open_scores(actor=current_actor(), call=call, now=clock.now())
    except RuleViolations as violations:
        return _page(call, problems=violations.problems), 422
    flash(_("The scores are open. Reviews have ended."))
    return redirect(url_for("review.selection", slug=slug))


@bp.post("/manage/<slug>/pools/applicants")
@requires(P.REVIEWER_INVITE)
def ask_applicants(slug: str) -> ResponseReturnValue:
    """Ask the people of all eligible applications to review."""
    call, form = _call(slug, P.REVIEWER_INVITE), ApplicantsForm()
    if form.validate():
        try:
            made = services.invite_applicants(
                actor=current_actor(),
                call=call,
                max_entries=form.max_entries.data or 1,
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(ngettext("%(num)s person was asked.", "%(num)s people were asked.", len(made)))
            return _back(slug)
    return _page(call, asking=form), 422


def _page(
    call: Call,
    *,
    problems: Sequence[Problem] = (),
    listing: PoolListForm | None = None,
    drawing: PoolDrawForm | None = None,
    excusing: ExcuseForm | None = None,
    asking: ApplicantsForm | None = None,
) -> str:
    actor, draw = current_actor(), queries.current_draw(call)
    rows = _duties(call)
    excusing_form = excusing or ExcuseForm(formdata=None)
    excusing_form.offer(presentation.duty_choices(rows))
    wrong = next((form for form in (listing, drawing, excusing, asking) if form is not None), None)
    return render_template(
        "review/manage_pools.html",
        **_shown(call),
        problems=problems,
        wrong=wrong,
        duties=[presentation.own_shown(row, call) for row in rows],
        late=queries.unplaced(actor=actor, call=call, pools=queries.pools_of(call))
        if draw is not None and draw.drawn_at
        else [],
        may_plan=actor.can(P.ASSIGNMENT_PLAN, call.id),
        may_open=actor.can(P.DECISION_MAKE, call.id),
        may_ask=actor.can(P.REVIEWER_INVITE, call.id),
        listing=listing or PoolListForm(formdata=None),
        drawing=drawing or PoolDrawForm(formdata=None),
        excusing=excusing_form,
        asking=asking or ApplicantsForm(formdata=None),
        is_known=draw is not None and clock.now() >= draw.value_at,
    )


def _shown(call: Call) -> dict[str, Any]:
    all_draws, found = queries.draws(call), queries.pools_of(call)
    places = queries.lots_by_reference(found.draw) if found.draw is not None and found.draw.drawn_at else []
    draws = presentation.draws_shown(all_draws, call)
    return {
        "slug": call.slug,
        "call_title": said(call.titles),
        "words": impartial_words(call),
        "draws": draws,
        "draw": draws[0] if draws else None,
        "pools": presentation.one_pool_shown(found, places, call) if places else [],
    }


def _own(call: Call) -> list[presentation.OwnShown]:
    actor, draw = current_actor(), queries.current_draw(call)
    if actor.person_id is None or draw is None:
        return []
    return [presentation.own_shown(row, call) for row in queries.own_duties(actor=actor, draw=draw)]


def _duties(call: Call) -> list[queries.DutyRow]:
    draw = queries.current_draw(call)
    return queries.duties(actor=current_actor(), draw=draw) if draw is not None and draw.drawn_at else []


def _call(slug: str, permission: P) -> Call:
    return _impartial(managed_call(actor=current_actor(), slug=slug, permission=permission))


def _impartial(call: Call) -> Call:
    if not call.is_impartial:
        raise NotFound
    return call


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("review.manage_pools", slug=slug))
