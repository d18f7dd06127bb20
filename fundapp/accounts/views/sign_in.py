"""Pages for signing in and out."""

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import queries, sessions
from fundapp.accounts.call_names import call_names
from fundapp.accounts.forms import EmptyForm, LinkRequestForm, NewPasswordForm, PasswordForm
from fundapp.accounts.models import LinkPurpose
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import link_spending, links, passwords
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.views import bp
from fundapp.accounts.views.second_step import sign_in_options
from fundapp.core import clock
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import Early, early, limited, public, requires
from fundapp.core.web import problems_into


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Offer both ways in: a mailed link, and a password for staff and reviewers."""
    return _sign_in_page(LinkRequestForm(formdata=None), PasswordForm(formdata=None))


@bp.post("/sign-in/link")
@public
def request_link() -> ResponseReturnValue:
    """Mail a link, and answer alike whether or not the address is known."""
    form = LinkRequestForm()
    if form.validate():
        try:
            links.request_sign_in(
                email=form.email.data,
                secret_key=current_app.config["SECRET_KEY"],
                now=clock.now(),
                next_path=_next_path(),
                language=current_language(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("accounts.link_sent"))
    return _sign_in_page(form, PasswordForm(formdata=None)), 422


@bp.get("/sign-in/link-sent")
@public
def link_sent() -> ResponseReturnValue:
    """Say where to look for the link."""
    return render_template("accounts/link_sent.html")


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
    return _sign_in_page(LinkRequestForm(formdata=None), form), 422


@bp.get("/link/<token>")
@public
def open_link(token: str) -> ResponseReturnValue:
    """Show the button that spends a link: mail scanners that open links must not use them up."""
    link = queries.usable_link(token, clock.now())
    if link is None:
        return render_template("accounts/link_spent.html"), 410
    return _link_page(token, link.purpose, _link_form(link.purpose))


@bp.post("/link/<token>")
@public
def spend_link(token: str) -> ResponseReturnValue:
    """Spend the link, and open a session."""
    link = queries.usable_link(token, clock.now())
    if link is None:
        return render_template("accounts/link_spent.html"), 410
    form = _link_form(link.purpose)
    if form.validate():
        password = form.password.data if link.purpose is LinkPurpose.SET_PASSWORD else None
        try:
            session_token, next_path = link_spending.spend_link(
                token=token,
                now=clock.now(),
                password=password,
                words=[call.title for call in call_names()],
                device=sessions.current_device(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            start_session(session_token)
            return redirect(next_path or url_for("accounts.home"))
    return _link_page(token, link.purpose, form), 422


@bp.get("/home")
@requires(P.SESSION_USE)
def home() -> ResponseReturnValue:
    """Show what this person can do here."""
    return render_template("accounts/home.html", P=P)


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


def _sign_in_page(link_form: LinkRequestForm, password_form: PasswordForm) -> str:
    return render_template(
        "accounts/sign_in.html",
        link_form=link_form,
        password_form=password_form,
        next_path=_next_path(),
        passkey_options=sign_in_options(),
    )


def _link_form(purpose: LinkPurpose) -> EmptyForm | NewPasswordForm:
    return NewPasswordForm() if purpose is LinkPurpose.SET_PASSWORD else EmptyForm()


def _link_page(token: str, purpose: LinkPurpose, form: EmptyForm | NewPasswordForm) -> str:
    return render_template(
        "accounts/open_link.html", token=token, form=form, sets_password=purpose is LinkPurpose.SET_PASSWORD
    )
