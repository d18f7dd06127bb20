"""Pages for signing in and out."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import passkeys, queries, sessions
from fundapp.accounts.forms import LinkRequestForm, PassphraseForm, PasswordForm, ProofForm
from fundapp.accounts.home_links import home_links
from fundapp.accounts.passkeys import Asker
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import passwords, proofs
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.views import bp, proving
from fundapp.core import clock, security_log
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import Early, early, limited, public, requires


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Offer all ways in: a mailed link, a reference with words, and a password for staff and reviewers."""
    return sign_in_page(LinkRequestForm(formdata=None), PasswordForm(formdata=None))


@bp.post("/sign-in")
@public
@limited("sign_in")
def sign_in_with_password() -> ResponseReturnValue:
    """Open a session for a right address and password."""
    form = PasswordForm()
    if form.validate():
        token = passwords.sign_in_with_password(
            email=form.email.data, password=form.password.data, now=clock.now(), device=sessions.current_device()
        )
        if token is not None:
            start_session(token)
            return redirect(_next_path() or start_address(token))
        form.password.errors = [_("This address and password do not belong together.")]
    return sign_in_page(LinkRequestForm(formdata=None), form), 422


@bp.post("/sign-in/passkey")
@public
@limited("passkey")
def sign_in_with_passkey() -> ResponseReturnValue:
    """Let somebody in by a passkey that made sure who holds it: that is both factors at once."""
    form = ProofForm()
    asker = _sign_in_asker()
    given = None
    if form.validate() and form.proof_passkey.data and asker is not None:
        given = proofs.give_passkey(asker=asker, response=form.proof_passkey.data, now=clock.now(), verify_user=True)
    if given is None:
        security_log.note("sign_in_refused")
        return render_template("accounts/passkey_refused.html"), 422
    token = session_services.open_session(
        person=given.person, now=clock.now(), strong=True, device=sessions.current_device()
    )
    start_session(token)
    return redirect(_next_path() or start_address(token))


@bp.get("/home")
@requires(P.SESSION_USE)
def home() -> ResponseReturnValue:
    """Show what this person can do here."""
    actor = sessions.current_actor()
    return render_template("accounts/home.html", P=P, has_roles=actor.has_roles, waiting=home_links(actor))


@bp.post("/sign-out")
@requires(P.SESSION_USE)
@early(Early.ALWAYS)
def sign_out() -> ResponseReturnValue:
    """End the session now, here and for any copy of the cookie."""
    session_services.sign_out(token=sessions.current_token())
    sessions.forget()
    response = make_response(redirect(url_for("accounts.sign_in")))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def start_session(token: str) -> None:
    """Put a new session into the browser's cookie, and end the one that it replaces."""
    session_services.sign_out(token=sessions.current_token())
    sessions.remember(token)


def start_address(token: str) -> str:
    """Return where somebody begins who was on no way to anything: those who run calls with these, others with all."""
    session = queries.live_session(token, clock.now())
    runs_calls = session is not None and queries.actor_of(session.person).can(P.CALL_WRITE)
    return url_for("applications.managed_calls" if runs_calls else "accounts.home")


def _next_path() -> str:
    return safe_next_path(request.args.get("next", ""))


def sign_in_page(
    link_form: LinkRequestForm, password_form: PasswordForm, passphrase_form: PassphraseForm | None = None
) -> str:
    """Return the page with all ways in."""
    return render_template(
        "accounts/sign_in.html",
        link_form=link_form,
        password_form=password_form,
        passphrase_form=passphrase_form or PassphraseForm(formdata=None),
        next_path=_next_path(),
        passkey_options=_passkey_options(),
    )


def _passkey_options() -> str:
    """Return what a browser needs to sign in by any passkey that it has for this site ("" where there can be none)."""
    asker = _sign_in_asker()
    return passkeys.authentication_options(asker, known=(), verify_user=True, now=clock.now()) if asker else ""


def _sign_in_asker() -> Asker | None:
    """Return who asks: the question is bound to this browser by the name in its cookie."""
    return proving.asker_for("sign-in", sessions.name_browser())
