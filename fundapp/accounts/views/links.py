"""Pages for signing in by mail: ask for a link, open it, or type the code that stands beside it."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import limits, queries, sessions
from fundapp.accounts.call_names import call_names
from fundapp.accounts.forms import CodeForm, EmptyForm, LinkRequestForm, NewPasswordForm, PasswordForm
from fundapp.accounts.models import LinkPurpose, OneTimeLink
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.secrets import token_hash
from fundapp.accounts.services import link_spending, links
from fundapp.accounts.services.link_spending import SIGN_IN_PURPOSES
from fundapp.accounts.views import bp
from fundapp.accounts.views.sign_in import sign_in_page, start_address, start_session
from fundapp.core import clock, security_log
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, public
from fundapp.core.web import problems_into


@bp.post("/sign-in/link")
@public
@limited("link")
def request_link() -> ResponseReturnValue:
    """Mail a link, and answer alike whether or not the address is known, or has had enough of them."""
    form = LinkRequestForm()
    if form.validate():
        try:
            if limits.may_mail(form.email.data or ""):
                links.request_sign_in(
                    email=form.email.data or "",
                    secret_key=current_app.config["SECRET_KEY"],
                    now=clock.now(),
                    next_path=safe_next_path(request.args.get("next", "")),
                    language=current_language(),
                    browser=sessions.name_browser(),
                )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return redirect(url_for("accounts.link_sent"))
    return sign_in_page(form, PasswordForm(formdata=None)), 422


@bp.get("/sign-in/link-sent")
@public
def link_sent() -> ResponseReturnValue:
    """Say where to look for the link, and take the code that stands beside it."""
    return render_template("accounts/link_sent.html", form=CodeForm(formdata=None))


@bp.post("/sign-in/code")
@public
@limited("code")
def give_code() -> ResponseReturnValue:
    """Open a session for the right code. A wrong one is counted, so the answer to it is a success to the database."""
    spent = link_spending.spend_code(
        browser=sessions.name_of_browser(),
        code=request.form.get("code", ""),
        secret_key=current_app.config["SECRET_KEY"],
        now=clock.now(),
        device=sessions.current_device(),
    )
    if spent is None:
        security_log.note("code_refused")
        flash(
            _(
                "This code is not right, or it does not work any more: after ten minutes, or three wrong tries, ask for"
                " a new mail. The link in your mail goes on working."
            ),
            "stop",
        )
        return redirect(url_for("accounts.link_sent"))
    token, next_path = spent
    start_session(token)
    return redirect(next_path or start_address(token))


@bp.get("/link/<token>")
@public
@limited("tokens")
def open_link(token: str) -> ResponseReturnValue:
    """Show the button that spends a link: mail scanners that open links must not use them up."""
    link = queries.usable_link(token, clock.now(), *SIGN_IN_PURPOSES)
    if link is None:
        return render_template("accounts/link_spent.html"), 410
    return _link_page(token, link, _link_form(link.purpose))


@bp.post("/link/<token>")
@public
@limited("tokens")
def spend_link(token: str) -> ResponseReturnValue:
    """Spend the link, and open a session; in another browser than the one that asked, only when told to go on."""
    link = queries.usable_link(token, clock.now(), *SIGN_IN_PURPOSES)
    if link is None:
        return render_template("accounts/link_spent.html"), 410
    form = _link_form(link.purpose)
    if _is_elsewhere(link) and "elsewhere" not in request.form:
        form.form_errors = [_("Say that it was you who asked for this link, or close this page.")]
    elif form.validate():
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
            return redirect(next_path or start_address(session_token))
    return _link_page(token, link, form), 422


def _is_elsewhere(link: OneTimeLink) -> bool:
    """Say whether another browser than this one asked for a link (some are sent without anybody asking)."""
    return link.browser_hash is not None and link.browser_hash != token_hash(sessions.name_of_browser())


def _link_form(purpose: LinkPurpose) -> EmptyForm | NewPasswordForm:
    return NewPasswordForm() if purpose is LinkPurpose.SET_PASSWORD else EmptyForm()


def _link_page(token: str, link: OneTimeLink, form: EmptyForm | NewPasswordForm) -> str:
    return render_template(
        "accounts/open_link.html",
        token=token,
        form=form,
        sets_password=link.purpose is LinkPurpose.SET_PASSWORD,
        is_elsewhere=_is_elsewhere(link),
    )
