"""Pages for signing in and out."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import sessions
from fundapp.accounts.forms import LinkRequestForm, PassphraseForm, PasswordForm
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import passwords
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.views import bp
from fundapp.accounts.views.second_step import sign_in_options
from fundapp.core import clock
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
            return redirect(_next_path() or url_for("accounts.home"))
        form.password.errors = [_("This address and password do not belong together.")]
    return sign_in_page(LinkRequestForm(formdata=None), form), 422


@bp.get("/home")
@requires(P.SESSION_USE)
def home() -> ResponseReturnValue:
    """Show what this person can do here."""
    return render_template("accounts/home.html", P=P, has_roles=sessions.current_actor().has_roles)


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
        passkey_options=sign_in_options(),
    )
