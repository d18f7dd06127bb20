"""Pages about one's own sign-in: second factors, recovery codes, password."""

from urllib.parse import quote
from uuid import UUID

import segno
from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts import factor_presentation, factor_queries, passkeys, sessions, totp
from fundapp.accounts.call_names import call_names
from fundapp.accounts.forms import (
    ChangePasswordForm,
    ConfirmAppForm,
    EmptyForm,
    FactorNameForm,
    NewPasskeyForm,
)
from fundapp.accounts.models import LinkPurpose, Person
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import factors, links, passwords
from fundapp.accounts.services import sessions as session_services
from fundapp.accounts.sessions import CurrentSession, current_actor, current_session
from fundapp.accounts.views import bp, proving
from fundapp.core import clock
from fundapp.core.errors import NotFound, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import Early, early, fresh, limited, requires
from fundapp.core.web import problems_into

SITE_NAME = "Grassroots Justice Funding"


@bp.get("/account/security")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
def security() -> ResponseReturnValue:
    """Show how this person signs in, and what they can add."""
    current = _current()
    person = _person()
    return render_template(
        "accounts/security.html",
        shown=factor_presentation.security_shown(
            person,
            apps=factor_queries.apps_of(person.id),
            passkeys=factor_queries.passkeys_of(person.id),
            codes_left=factor_queries.recovery_codes_left(person.id),
        ),
        must_choose=not current.is_complete,
        needs_factor=current.needs_factor,
        passkeys_work=passkeys.site_of(current_app.extensions["settings"].base_url) is not None,
        form=EmptyForm(),
        next_path=_next_path(),
    )


@bp.post("/account/security/app")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@fresh
def start_app() -> ResponseReturnValue:
    """Make the secret for a new authenticator app, and go on to its page."""
    factors.start_app(actor=current_actor(), person=_person(), now=clock.now())
    return redirect(url_for("accounts.set_up_app", next=_next_path() or None))


@bp.get("/account/security/app")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@fresh
def set_up_app() -> ResponseReturnValue:
    """Show the secret of the app that is being set up: as a picture, as text and as a link."""
    return _app_page(ConfirmAppForm(formdata=None, name=_("My phone")))


@bp.post("/account/security/app/confirm")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@fresh
@limited("factor")
def confirm_app() -> ResponseReturnValue:
    """Take the app into use when its first code is right."""
    form = ConfirmAppForm()
    person = _person()
    if form.validate():
        try:
            factors.confirm_app(
                actor=current_actor(), person=person, code=form.code.data, name=form.name.data, now=clock.now()
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _after_adding(person)
    return _app_page(form), 422


@bp.get("/account/security/passkeys/new")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@fresh
def new_passkey() -> ResponseReturnValue:
    """Offer to make a passkey."""
    return _passkey_page(
        NewPasskeyForm(formdata=None, name=factor_presentation.device_shown(sessions.current_device()))
    )


@bp.post("/account/security/passkeys/new")
@requires(P.SESSION_USE)
@early(Early.TO_CHOOSE_FACTOR)
@fresh
@limited("factor")
def add_passkey() -> ResponseReturnValue:
    """Take a passkey into use that the browser has made."""
    form = NewPasskeyForm()
    person = _person()
    asker = proving.asker_for("add", str(_current().id))
    if asker is None:
        raise NotFound
    if form.validate():
        try:
            factors.add_passkey(
                actor=current_actor(),
                person=person,
                asker=asker,
                response=form.answer.data or "",
                name=form.name.data,
                now=clock.now(),
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            return _after_adding(person)
    return _passkey_page(form), 422


@bp.get("/account/security/factors/<uuid:factor_id>")
@requires(P.SESSION_USE)
def factor(factor_id: UUID) -> ResponseReturnValue:
    """Offer to name a factor anew, or to remove it."""
    return _factor_page(factor_id, FactorNameForm(formdata=None, obj=_own_factor(factor_id)))


@bp.post("/account/security/factors/<uuid:factor_id>")
@requires(P.SESSION_USE)
@fresh
def rename_factor(factor_id: UUID) -> ResponseReturnValue:
    """Give a factor another name."""
    form = FactorNameForm()
    if form.validate():
        factors.rename_factor(actor=current_actor(), factor_id=factor_id, name=form.name.data, now=clock.now())
        return redirect(url_for("accounts.security"))
    return _factor_page(factor_id, form), 422


@bp.post("/account/security/factors/<uuid:factor_id>/remove")
@requires(P.SESSION_USE)
@fresh
def remove_factor(factor_id: UUID) -> ResponseReturnValue:
    """Remove a factor, and offer to end the other sessions."""
    factors.remove_factor(actor=current_actor(), factor_id=factor_id, now=clock.now())
    flash(_("It is removed. If others may have used it, end your other sessions now."))
    return redirect(url_for("accounts.own_sessions"))


@bp.post("/account/security/recovery-codes")
@requires(P.SESSION_USE)
@fresh
def make_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes, and show them this once."""
    if not _current().has_factor:
        raise NotFound
    return _codes_page(factors.make_recovery_codes(actor=current_actor(), person=_person(), now=clock.now()))


@bp.get("/account/password")
@requires(P.SESSION_USE)
def password() -> ResponseReturnValue:
    """Offer to change the password, or to get a link for choosing one."""
    return _password_page(ChangePasswordForm(formdata=None))


@bp.post("/account/password")
@requires(P.SESSION_USE)
@limited("factor")
def change_password() -> ResponseReturnValue:
    """Change the password of somebody who knows it; their other sessions end."""
    form = ChangePasswordForm()
    current = _current()
    person = _person()
    if form.validate():
        try:
            passwords.change_password(
                actor=current_actor(),
                person=person,
                current=form.current.data,
                password=form.password.data,
                keep=current.id,
                now=clock.now(),
                words=[call.title for call in call_names()],
            )
        except RuleViolations as violations:
            problems_into(form, violations)
        else:
            sessions.remember(
                session_services.renew_session(session_id=current.id, person=person, now=clock.now(), first_factor=True)
            )
            flash(_("Your password is changed. You are signed out everywhere else."))
            return redirect(url_for("accounts.security"))
    return _password_page(form), 422


@bp.post("/account/password/link")
@requires(P.SESSION_USE)
@limited("link")
def mail_password_link() -> ResponseReturnValue:
    """Mail a link for choosing a password to somebody who has none, or does not know it."""
    links.send_link(
        person=_person(),
        purpose=LinkPurpose.SET_PASSWORD,
        secret_key=current_app.config["SECRET_KEY"],
        now=clock.now(),
    )
    flash(_("A link for choosing a password is on its way to your e-mail address."))
    return redirect(url_for("accounts.security"))


def _current() -> CurrentSession:
    current = current_session()
    if current is None:
        raise NotFound
    return current


def _person() -> Person:
    return factor_queries.person_of(current_actor())


def _next_path() -> str:
    return safe_next_path(request.args.get("next", ""))


def _after_adding(person: Person) -> ResponseReturnValue:
    """A first factor counts as given and brings recovery codes; after a further one, other sessions can be ended."""
    now = clock.now()
    current = _current()
    is_first = not current.has_factor
    sessions.remember(
        session_services.renew_session(session_id=current.id, person=person, now=now, second_factor=is_first)
    )
    if is_first or not factor_queries.recovery_codes_left(person.id):
        codes = factors.make_recovery_codes(actor=current_actor(), person=person, now=now, tell=False)
        return _codes_page(codes)
    flash(_("It is added. If you did this because something was lost, end your other sessions now."))
    return redirect(url_for("accounts.own_sessions"))


def _codes_page(codes: list[str]) -> str:
    text = "\r\n".join([*codes, ""])
    return render_template(
        "accounts/recovery_codes.html",
        codes=codes,
        download=f"data:text/plain;charset=utf-8,{quote(text)}",
        next_path=_next_path(),
    )


def _app_page(form: ConfirmAppForm) -> str:
    person = _person()
    app = factor_queries.unconfirmed_app(person.id)
    if app is None:
        raise NotFound
    uri = totp.app_uri(app.secret, account=person.email or person.name, issuer=SITE_NAME)
    picture = segno.make(uri, error="m").svg_data_uri(scale=4, border=4, light="#fff")
    return render_template(
        "accounts/set_up_app.html",
        form=form,
        uri=uri,
        picture=picture,
        secret=totp.spelled(app.secret),
        next_path=_next_path(),
    )


def _passkey_page(form: NewPasskeyForm) -> str:
    person = _person()
    asker = proving.asker_for("add", str(_current().id))
    if asker is None:
        raise NotFound
    options = passkeys.registration_options(
        asker,
        user_id=person.id.bytes,
        user_name=person.email or person.name,
        site_name=SITE_NAME,
        known=[each.credential_id for each in factor_queries.passkeys_of(person.id)],
        now=clock.now(),
    )
    return render_template("accounts/new_passkey.html", form=form, options=options, next_path=_next_path())


def _own_factor(factor_id: UUID) -> factor_queries.Factor:
    found = factor_queries.own_factor(current_actor(), factor_id)
    if found is None:
        raise NotFound
    return found


def _factor_page(factor_id: UUID, form: FactorNameForm) -> str:
    return render_template(
        "accounts/factor.html", form=form, factor=factor_presentation.factor_shown(_own_factor(factor_id))
    )


def _password_page(form: ChangePasswordForm) -> str:
    person = _person()
    return render_template(
        "accounts/password.html",
        form=form,
        has_password=person.password_hash is not None,
        has_address=bool(person.email),
        link_form=EmptyForm(),
    )
