"""Pages of the draw of lots at the line: the one that everybody reads, and the one on which it is made."""

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.queries.public import announced_call
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, public, requires
from fundapp.core.web import problems_into
from fundapp.review.pool_forms import PoolDrawForm, PoolListForm
from fundapp.review.presentation.line_draw import band_words, line_draws_shown, own_lots_shown
from fundapp.review.queries.line_draw import current_line_draw, draw_document, draw_of, draws_at_line
from fundapp.review.queries.selection import terms_set
from fundapp.review.services import line_draw as services
from fundapp.review.views import bp


@bp.get("/calls/<slug>/draw")
@public
def line_draw(slug: str) -> ResponseReturnValue:
    """Show everybody the draw of lots at the line, and how to repeat it."""
    call = announced_call(slug)
    return render_template("review/line_draw.html", **_shown(call))


@bp.get("/calls/<slug>/draw.json")
@public
def line_draw_file(slug: str) -> ResponseReturnValue:
    """Give the draws of a call with all that repeats them."""
    call = announced_call(slug)
    return jsonify({"call": call.slug, "draws": [draw_document(call, draw) for draw in draws_at_line(call)]})


@bp.get("/manage/<slug>/draw")
@requires(P.SLATE_READ)
def manage_line_draw(slug: str) -> ResponseReturnValue:
    """Show whose lot came where, and what is to be done."""
    return _page(_call(slug, P.SLATE_READ), PoolListForm(formdata=None), PoolDrawForm(formdata=None))


@bp.post("/manage/<slug>/draw/lots")
@requires(P.DECISION_MAKE)
@fresh
def fix_lots(slug: str) -> ResponseReturnValue:
    """Fix the lots: reviews end."""
    call, form = _call(slug, P.DECISION_MAKE), PoolListForm()
    if form.validate():
        try:
            services.fix_lots(
                actor=current_actor(),
                call=call,
                value_source=form.value_source.data or "",
                value_at=form.instant(call.time_zone),
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The lots are fixed, and reviews have ended. Come back when the public value is known."))
            return redirect(url_for("review.manage_line_draw", slug=slug))
    return _page(call, form, PoolDrawForm(formdata=None)), 422


@bp.post("/manage/<slug>/draw")
@requires(P.DECISION_MAKE)
@fresh
def draw_lots(slug: str) -> ResponseReturnValue:
    """Draw the lots by the public value."""
    call, form = _call(slug, P.DECISION_MAKE), PoolDrawForm()
    if form.validate():
        try:
            services.draw_lots(
                actor=current_actor(), call=call, public_value=form.public_value.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The lots are drawn. The list stands in their order."))
            return redirect(url_for("review.selection", slug=slug))
    return _page(call, PoolListForm(formdata=None), form), 422


def _page(call: Call, listing: PoolListForm, drawing: PoolDrawForm) -> str:
    actor, draw = current_actor(), current_line_draw(call)
    seen = draw_of(actor=actor, call=call)
    return render_template(
        "review/manage_line_draw.html",
        **_shown(call),
        lots=own_lots_shown(seen) if seen else [],
        may_decide=actor.can(P.DECISION_MAKE, call.id),
        is_drawn=draw is not None and draw.drawn_at is not None,
        is_known=draw is not None and clock.now() >= draw.value_at,
        decides=terms_set(call).draw_band is not None,
        listing=listing,
        drawing=drawing,
    )


def _shown(call: Call) -> dict[str, object]:
    return {
        "slug": call.slug,
        "call_title": said(call.titles),
        "band": band_words(terms_set(call).draw_band),
        "draws": line_draws_shown(draws_at_line(call), call),
    }


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)
