"""Pages that ask for a second factor at sign-in, or for a fresh proof later."""

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import factor_queries, sessions
from fundapp.accounts.forms import EmptyForm, ProofForm
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import factor_resets
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.sessions import CurrentSession, current_actor, current_session
from fundapp.accounts.views import bp, proving
from fundapp.core import clock
from fundapp.core.errors import NotFound
from fundapp.core.routes import Early, early, limited, requires


@bp.get("/sign-in/second-step")
@requires(P.SESSION_USE)
@early(Early.TO_GIVE_FACTOR)
def second_step() -> ResponseReturnValue:
    """Ask for the second factor."""
    current = current_session()
    if current is not None and current.is_complete:
        return redirect(url_for("accounts.home"))
    return _second_step_page(ProofForm(formdata=None))


@bp.post("/sign-in/second-step")
@requires(P.SESSION_USE)
@early(Early.TO_GIVE_FACTOR)
@limited("factor")
def give_second_step() -> ResponseReturnValue:
    """Let somebody in who gave a right second factor."""
    return _take_proof(_second_step_page)


@bp.post("/sign-in/start-again")
@requires(P.SESSION_USE)
@early(Early.TO_GIVE_FACTOR)
def start_again() -> ResponseReturnValue:
    """Carry out a reset that two administrators agreed on and that is due: the person chooses new factors."""
    now = clock.now()
    person = factor_queries.person_of(current_actor())
    factor_resets.carry_out_reset(actor=current_actor(), person=person, now=now)
    device = sessions.current_device()
    sessions.remember(session_services.open_session(person=person, now=now, device=device))
    return redirect(url_for("accounts.security"))


@bp.get("/account/confirm")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
def confirm() -> ResponseReturnValue:
    """Ask for a fresh proof, before something that needs one."""
    return _confirm_page(ProofForm(formdata=None))


@bp.post("/account/confirm")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@limited("factor")
def give_proof() -> ResponseReturnValue:
    """Take a fresh proof, and go back to where it was asked for."""
    return _take_proof(_confirm_page)


def _signed_in() -> CurrentSession:
    """Return the session that gives a proof. Raises NotFound where there is none."""
    current = current_session()
    if current is None:
        raise NotFound
    return current


def _take_proof(page: Callable[[ProofForm], str]) -> ResponseReturnValue:
    """Go on where a right proof leads; show the page again with what is wrong."""
    current = _signed_in()
    form = ProofForm()
    if form.validate() and proving.prove(form, current):
        return redirect(_next_path() or url_for("accounts.home"))
    return page(form), 422


def _second_step_page(form: ProofForm) -> str:
    current = _signed_in()
    reset = factor_queries.open_reset(current.person_id)
    return render_template(
        "accounts/second_step.html",
        form=form,
        next_path=_next_path(),
        passkey_options=proving.options_for(current),
        reset=reset,
        reset_is_due=reset is not None and reset.effective_at is not None and reset.effective_at <= clock.now(),
        reset_form=EmptyForm(),
    )


def _confirm_page(form: ProofForm) -> str:
    current = _signed_in()
    return proving.page(form, current, action=url_for("accounts.confirm", next=_next_path() or None))


def _next_path() -> str:
    return safe_next_path(request.args.get("next", ""))
