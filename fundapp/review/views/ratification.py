"""Pages of those who ratify a list that others decided."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, requires
from fundapp.core.web import problems_into
from fundapp.review.forms import SendBackForm
from fundapp.review.models import Slate
from fundapp.review.presentation.selection import (
    frozen_shown,
    money_shown,
    pools_shown,
    slate_shown,
)
from fundapp.review.presentation.votes import votes_on_list
from fundapp.review.queries import selection as queries
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.services import ratifying
from fundapp.review.views import bp
from fundapp.review.views.selection import frame


@bp.get("/manage/<slug>/ratification")
@requires(P.DECISION_RATIFY)
def ratification(slug: str) -> ResponseReturnValue:
    """Show the list that waits for ratification."""
    return _ratification_page(_call(slug, P.DECISION_RATIFY), SendBackForm(formdata=None))


@bp.post("/manage/<slug>/ratification")
@requires(P.DECISION_RATIFY)
@fresh
def ratify(slug: str) -> ResponseReturnValue:
    """Ratify the list."""
    call = _call(slug, P.DECISION_RATIFY)
    ratifying.ratify_slate(actor=current_actor(), slate=_slate(call), now=clock.now())
    flash(_("The list is ratified. It can be released now."))
    return redirect(url_for("review.ratification", slug=slug))


@bp.post("/manage/<slug>/ratification/send-back")
@requires(P.DECISION_RATIFY)
def send_back(slug: str) -> ResponseReturnValue:
    """Send the list back with a reason."""
    call = _call(slug, P.DECISION_RATIFY)
    form = SendBackForm()
    if form.validate():
        try:
            ratifying.send_back_slate(
                actor=current_actor(), slate=_slate(call), reason=form.reason.data or "", now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            flash(_("The list was sent back to those who decide."))
            return redirect(url_for("review.ratification", slug=slug))
    return _ratification_page(call, form), 422


def _call(slug: str, permission: P) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=permission)


def _slate(call: Call) -> Slate:
    slate = queries.current_slate(call=call)
    if slate is None:
        raise NotFound
    return slate


def _ratification_page(call: Call, form: SendBackForm) -> str:
    found = queries.selection(actor=current_actor(), call=call)
    return render_template(
        "review/ratification.html",
        **frame(call),
        pools=pools_shown(found, link=False),
        money=money_shown(found),
        slate=slate_shown(found),
        votes=votes_on_list(current_actor(), call),
        frozen=frozen_shown(newest_frozen(found.slate) if found.slate else None),
        form=form,
    )
