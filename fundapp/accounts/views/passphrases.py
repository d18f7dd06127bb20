"""Pages for people who must not get mail about this: a reference and seven words instead of an address."""

import hmac
import secrets
from typing import Any, Final

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from fundapp.accounts import factor_queries, sessions
from fundapp.accounts.forms import EmptyForm, LinkRequestForm, PassphraseForm, PasswordForm, WordsForm
from fundapp.accounts.models import Person
from fundapp.accounts.passphrases import WORDS, folded, grouped, language_of_words
from fundapp.accounts.permissions import P
from fundapp.accounts.rules import safe_next_path
from fundapp.accounts.services import passphrases
from fundapp.accounts.services.sessions import open_session
from fundapp.accounts.sessions import current_actor, current_session
from fundapp.accounts.views import bp
from fundapp.accounts.views.sign_in import sign_in_page, start_session
from fundapp.core import clock, security_log
from fundapp.core.errors import NotFound
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import fresh, limited, public, requires

ASKED: Final = 2
"""How many of the words are asked for, to see that they were written down."""
CHECK_SECONDS: Final = 24 * 60 * 60


@bp.post("/sign-in/passphrase")
@public
@limited("passphrase")
def sign_in_with_passphrase() -> ResponseReturnValue:
    """Open a session for a right reference and passphrase."""
    form = PassphraseForm()
    if form.validate():
        token = passphrases.sign_in_with_passphrase(
            reference=form.reference.data or "",
            passphrase=form.passphrase.data or "",
            now=clock.now(),
            device=sessions.current_device(),
        )
        if token is not None:
            start_session(token)
            return redirect(_next_path() or url_for("accounts.home"))
        security_log.note("sign_in_refused")
        form.passphrase.errors = [_("This reference and passphrase do not belong together.")]
    return sign_in_page(LinkRequestForm(formdata=None), PasswordForm(formdata=None), form), 422


@bp.get("/sign-in/without-mail")
@public
def without_mail() -> ResponseReturnValue:
    """Explain how to apply without an address."""
    return render_template("accounts/without_mail.html", next_path=_next_path(), form=EmptyForm())


@bp.post("/sign-in/without-mail")
@public
@limited("start")
def begin_without_mail() -> ResponseReturnValue:
    """Make somebody known by a reference, sign them in, and show their words this once."""
    now = clock.now()
    person, words = passphrases.make_person_without_address(now=now, language=current_language())
    start_session(open_session(person=person, now=now, device=sessions.current_device()))
    return words_page(person, words, own=True, next_path=_next_path())


@bp.get("/account/passphrase")
@requires(P.SESSION_USE)
@fresh
def passphrase() -> ResponseReturnValue:
    """Offer new words to somebody who signs in with a reference."""
    return render_template(
        "accounts/passphrase.html", reference=grouped(_person().sign_in_reference or ""), form=EmptyForm()
    )


@bp.post("/account/passphrase")
@requires(P.SESSION_USE)
@limited("factor")
@fresh
def renew_passphrase() -> ResponseReturnValue:
    """Make new words, end all other sessions, and show the words this once."""
    current = current_session()
    if current is None:
        raise NotFound
    person = _person()
    words = passphrases.renew_passphrase(actor=current_actor(), person=person, keep=current.id, now=clock.now())
    return words_page(person, words, own=True)


@bp.post("/account/passphrase/check")
@requires(P.SESSION_USE)
def check_words() -> ResponseReturnValue:
    """Look whether the words were written down, and go on."""
    form = WordsForm()
    asked = _asked(form.question.data or "")
    typed = [form.first.data or "", form.second.data or ""]
    if len(asked) == ASKED and all(
        hmac.compare_digest(_proof(word), proof) for word, (_position, proof) in zip(typed, asked, strict=True)
    ):
        flash(_("Right. Keep your reference and your words in a safe place."))
        return redirect(_next_path() or url_for("accounts.home"))
    form.form_errors = [_("These are not the words. Look at what you wrote down and try again, or make new words.")]
    return (
        render_template(
            "accounts/words_again.html",
            form=form,
            asked=[position for position, _proof in asked],
            next_path=_next_path(),
        ),
        422,
    )


def words_page(person: Person, words: list[str], *, own: bool, next_path: str = "", **values: Any) -> str:
    """Return the page that shows a passphrase, once; its owner is asked for two of the words."""
    positions = sorted(secrets.SystemRandom().sample(range(WORDS), ASKED))
    question = _serializer().dumps([[position + 1, _proof(words[position])] for position in positions])
    return render_template(
        "accounts/words.html",
        reference=grouped(person.sign_in_reference or ""),
        words=words,
        words_language=language_of_words(person.language),
        own=own,
        form=WordsForm(formdata=None, question=question),
        asked=[position + 1 for position in positions],
        next_path=next_path,
        **values,
    )


def _asked(question: str) -> list[tuple[int, str]]:
    try:
        return [(int(position), str(proof)) for position, proof in _serializer().loads(question, max_age=CHECK_SECONDS)]
    except BadData:
        return []


def _proof(word: str) -> str:
    """Return what stands in the page for a word: nobody can tell the word from it without the server's secret."""
    return hmac.new(current_app.config["SECRET_KEY"].encode(), b"word:" + folded(word).encode(), "sha256").hexdigest()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="words-asked")


def _person() -> Person:
    """Return the actor. Raises NotFound for somebody who signs in in other ways."""
    person = factor_queries.person_of(current_actor())
    if person.sign_in_reference is None:
        raise NotFound
    return person


def _next_path() -> str:
    return safe_next_path(request.args.get("next", ""))
