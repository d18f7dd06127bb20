"""Proofs as pages see them: what a form brought, and what a page offers."""

from dataclasses import replace
from typing import cast

from flask import current_app, g, render_template, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from fundapp.accounts import factor_queries, passkeys, sessions
from fundapp.accounts.forms import ProofForm
from fundapp.accounts.passkeys import Asker
from fundapp.accounts.services import passphrases, passwords, proofs
from fundapp.accounts.services.sessions import renew_session
from fundapp.accounts.sessions import CurrentSession
from fundapp.core import clock, security_log, unit_of_work
from fundapp.core.i18n import gettext as _
from fundapp.core.web import FundApp, typed_texts

NOT_KEPT = frozenset({"csrf_token", "proof_code", "proof_password", "proof_passkey"})


def asker_for(purpose: str, browser: str) -> Asker | None:
    """Return who asks a browser for a passkey, or None where the site's address allows none."""
    site = passkeys.site_of(current_app.extensions["settings"].base_url)
    return Asker(site, current_app.config["SECRET_KEY"], purpose, browser) if site else None


def was_given(form: ProofForm) -> bool:
    """Say whether a form brings a proof at all."""
    return bool(form.proof_code.data or form.proof_password.data or form.proof_passkey.data)


def prove(form: ProofForm, current: CurrentSession) -> bool:
    """Check a proof and, when it is right, renew the session; else put the reason beside its field.

    A right proof is committed by itself: it stays given, and spent, whatever becomes of the rest of the request.
    """
    now = clock.now()
    person = factor_queries.person_of(current.actor)
    if current.has_factor:
        asker = asker_for("prove", str(current.id))
        if form.proof_passkey.data and asker is not None:
            given = proofs.give_passkey(asker=asker, response=form.proof_passkey.data, now=now, person=person)
        else:
            given = proofs.give_code(person=person, code=form.proof_code.data or "", now=now)
        right = given is not None
    else:
        typed = form.proof_password.data or ""
        right = passwords.is_password_of(person, typed) or passphrases.is_passphrase_of(person, typed)
    if not right:
        security_log.note("proof_refused", person=person.id)
        _say_wrong(form, current)
        return False
    token = renew_session(
        session_id=current.id,
        person=person,
        now=now,
        first_factor=not current.has_factor,
        second_factor=current.has_factor,
    )
    unit_of_work.commit(cast(FundApp, current_app).queue)
    sessions.remember(token)
    g.sign_in_session = replace(
        current,
        proved_at=current.proved_at if current.has_factor else now,
        second_factor_at=now if current.has_factor else current.second_factor_at,
    )
    return True


def page(form: ProofForm, current: CurrentSession, *, action: str, kept: list[tuple[str, str]] | None = None) -> str:
    """Return the page that asks for a fresh proof; `kept` fields are sent along with it."""
    person = factor_queries.person_of(current.actor)
    return render_template(
        "accounts/confirm.html",
        form=form,
        action=action,
        kept=kept or [],
        has_factor=current.has_factor,
        has_password=person.password_hash is not None or person.passphrase_hash is not None,
        passkey_options=options_for(current),
        typed=typed_texts(is_ours=True),
        back=request.args.get("next") or _page_with_the_form(),
    )


def _page_with_the_form() -> str:
    """Return where somebody goes back to after signing in again: this address, if it is one of a page."""
    adapter = current_app.create_url_adapter(request)
    try:
        return request.path if adapter is not None and adapter.match(method="GET") else ""
    except (MethodNotAllowed, NotFound):
        return ""


def options_for(current: CurrentSession) -> str:
    """Return what a browser needs to use one of the person's passkeys ("" when there is none)."""
    asker = asker_for("prove", str(current.id))
    known = [each.credential_id for each in factor_queries.passkeys_of(current.person_id)]
    if asker is None or not known:
        return ""
    return passkeys.authentication_options(asker, known=known, verify_user=False, now=clock.now())


def kept_fields() -> list[tuple[str, str]]:
    """Return the fields of the running request that are to be sent again with the proof."""
    return [(name, text) for name, text in request.form.items(multi=True) if name not in NOT_KEPT]


def _say_wrong(form: ProofForm, current: CurrentSession) -> None:
    if not current.has_factor:
        form.proof_password.errors = [_("This is not your password.")]
    elif form.proof_passkey.data:
        form.form_errors = [*form.form_errors, _("The passkey did not work. Try it again, or type a code.")]
    else:
        form.proof_code.errors = [_("This code is not right, or it was used already. Wait for the next one.")]
