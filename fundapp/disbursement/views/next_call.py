"""Pages about applications that may be considered in the next call: their people answer, managers invite."""

from uuid import UUID

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.queries.managing import managed_call
from fundapp.core import clock
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, requires
from fundapp.disbursement.presentation.letters import call_head
from fundapp.disbursement.presentation.next_call import comes_again_shown
from fundapp.disbursement.queries import letters as queries
from fundapp.disbursement.services import next_call as services
from fundapp.disbursement.views import bp


@bp.post("/letters/<uuid:letter_id>/next-call")
@requires(P.APPLICATION_WRITE)
def answer_next_call(letter_id: UUID) -> ResponseReturnValue:
    """Keep whether the application of a letter may be considered in the next call."""
    letter = queries.my_letter(actor=current_actor(), letter_id=letter_id)
    answer = request.form.get("answer")
    if answer not in ("yes", "no"):
        abort(400)
    services.answer_next_call(
        actor=current_actor(), application=letter.application, says_yes=answer == "yes", now=clock.now()
    )
    flash(_("Your answer is kept. You can change it here at any time."))
    return redirect(url_for("disbursement.my_letter", letter_id=letter_id))


@bp.get("/manage/<slug>/next-call")
@requires(P.APPLICANT_INVITE)
def next_call(slug: str) -> ResponseReturnValue:
    """List what may be considered again in a call, of earlier calls of its programme."""
    call = _call(slug)
    found = services.coming_again(actor=current_actor(), call=call)
    return render_template(
        "disbursement/next_call.html", call=call_head(call), entries=[comes_again_shown(each) for each in found]
    )


@bp.post("/manage/<slug>/next-call/<uuid:application_id>")
@requires(P.APPLICANT_INVITE)
@limited("invite")
def invite_again(slug: str, application_id: UUID) -> ResponseReturnValue:
    """Invite the people of one of them to the call."""
    services.invite_again(
        actor=current_actor(),
        call=_call(slug),
        application_id=application_id,
        secret_key=current_app.config["SECRET_KEY"],
        now=clock.now(),
    )
    flash(_("The invitation is on its way."))
    return redirect(url_for("disbursement.next_call", slug=slug))


def _call(slug: str) -> Call:
    return managed_call(actor=current_actor(), slug=slug, permission=P.APPLICANT_INVITE)
