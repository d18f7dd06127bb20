"""What every request goes through: gates, transaction, security headers, and errors as pages.

An unsafe request commits once, after its view answered with success; everything else is rolled back.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import quote, urlencode
from uuid import UUID

from flask import Flask, Response, abort, g, has_request_context, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, TooManyRequests
from wtforms import Form

from fundapp.core import logs, security_log, unit_of_work
from fundapp.core.compression import compress
from fundapp.core.db import read_only
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, current_language, direction, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.origins import ForeignRequest, Site, refuse_foreign_requests
from fundapp.core.outbox import JobKind
from fundapp.core.routes import PUBLIC, SAFE_METHODS, Declared, declared_by, public
from fundapp.core.text import TextError

MAX_URLENCODED_BYTES: Final = 4 * 1024 * 1024
"""Room for a few endless answers; such a form is read at once, while one with files is read in parts."""
NOT_IN_HTML: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
NOT_TYPED: Final = frozenset({"csrf_token", "seen", "password", "passphrase", "proof_password"})
WORTH_COPYING: Final = 20
"""Shorter texts are quickly typed again."""
NOTED: Final = {400: "bad_request", 405: "method_refused", 413: "too_large", 415: "media_refused"}
"""Refusals that are security events, by status; others are noted where they are raised."""
NO_SENSORS: Final = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
"""No page of ours asks for any of these, so no page that was tampered with may."""
SHOWN_ERRORS: Final = frozenset({400, 403, 404, 405, 409, 413, 429, 500})


class WebActor(Protocol):
    """What the request guard needs to know of whoever acts."""

    @property
    def person_id(self) -> UUID | None: ...

    @property
    def language(self) -> str: ...

    def can(self, permission: str) -> bool: ...


Round = Callable[[datetime], None]
"""Writes outbox rows for what is due at an instant; looking twice at the same writes nothing twice."""
Gate = Callable[[Declared, WebActor], ResponseReturnValue | None]
"""Lets a request pass (None), answers it, or raises; gates are asked in order, before the view runs."""


class FundApp(Flask):
    """Flask, with one transaction per request around the view."""

    jinja_options = {"undefined": StrictUndefined}  # noqa: RUF012 - Flask reads a class attribute

    queue: unit_of_work.Queue

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job_kinds: dict[str, JobKind] = {}
        self.rounds: list[Round] = []

    def add_job_kind(self, kind: JobKind) -> None:
        """Teach this application's workers one kind of work."""
        self.job_kinds[kind.name] = kind

    def add_round(self, look: Round) -> None:
        """Have the reconciler look for work that nobody asked for because its time has come."""
        self.rounds.append(look)

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view; commit an unsafe request that succeeded, roll back everything else."""
        response = self.make_response(super().dispatch_request())
        if request.method not in SAFE_METHODS and response.status_code < 400:
            unit_of_work.commit(self.queue)
        else:
            unit_of_work.rollback()
        return response


def init_app(app: FundApp, *, site: Site, load_actor: Callable[[], WebActor], gates: Sequence[Gate]) -> None:
    """Give the application its guard, languages, headers, error pages and template globals."""
    Babel(app, locale_selector=_choose_language, default_translation_directories=_translations())
    app.before_request(_refuse_what_no_browser_sends)
    refuse_foreign_requests(app, site)
    CSRFProtect(app)
    app.view_functions["static"] = public(cast(Any, app.view_functions["static"]))

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if request.method in SAFE_METHODS:
            read_only()
        g.actor = load_actor()
        wanted = request.args.get("lang", "")
        if wanted in LANGUAGES:
            session["lang"] = wanted
        if request.endpoint is None:
            return None  # no such route: the router's own 404 or 405 follows
        declared = declared_by(app.view_functions[request.endpoint])
        return next((answer for gate in gates if (answer := gate(declared, g.actor)) is not None), None)

    app.after_request(compress)  # of these, Flask runs the one that was named first at the very end
    app.after_request(_add_headers)
    app.after_request(_show_hidden_characters)
    _register_errors(app)
    _register_globals(app)


def permission_gate(declared: Declared, actor: WebActor) -> ResponseReturnValue | None:
    """Let in whoever holds the declared permission; send to sign-in whoever is not signed in. Raises NotAllowed."""
    if declared.permission is None:
        raise NotFound
    if declared.permission == PUBLIC or actor.can(declared.permission):
        return None
    if actor.person_id is None:
        security_log.note("not_signed_in", permission=declared.permission)
        if any(name not in NOT_TYPED for name in request.form):
            return render_template("errors/signed_out.html", typed=typed_texts(is_ours=True)), 401
        return redirect(url_for("accounts.sign_in", next=request.path))
    raise NotAllowed(declared.permission)


def problems_into(form: Form, violations: RuleViolations) -> None:
    """Put each problem beside its field; problems of no field go to the form itself."""
    for problem in violations.problems:
        if problem.field is not None and problem.field in form:
            field = form[problem.field]
            field.errors = [*field.errors, problem.message]
        else:
            form.form_errors = [*form.form_errors, str(problem)]


def _refuse_what_no_browser_sends() -> None:
    if not request.query_string.isascii():
        abort(400)  # browsers escape it, and bytes that are no UTF-8 would break every page
    if request.is_json:
        abort(415)  # there is no JSON interface, but Flask-WTF would take JSON for a form
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = MAX_URLENCODED_BYTES


def typed_texts(*, is_ours: bool = False) -> list[str]:
    """Return the texts of a form that cannot be taken, so that the page can give them back to whoever typed them.

    Only of a form of our own: a page of ours must not show what another site made up. Gates know that it is ours, since
    its token was checked before them; elsewhere the browser must say so.
    """
    if not is_ours and request.headers.get("Sec-Fetch-Site") != "same-origin":
        return []
    texts = (text for name, text in request.form.items(multi=True) if name not in NOT_TYPED)
    return [text for text in texts if len(text) >= WORTH_COPYING]


def _translations() -> str:
    return str(Path(__file__).parent.parent / "translations")


def _choose_language() -> str:
    if not has_request_context():
        return DEFAULT_LANGUAGE  # the command line and jobs, where nobody's page is being made
    chosen = session.get("lang") or ""
    if chosen in LANGUAGES:
        return cast(str, chosen)
    actor = g.get("actor")
    if actor is not None and actor.person_id is not None and actor.language in LANGUAGES:
        return cast(str, actor.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def _add_headers(response: Response) -> Response:
    # A file that somebody sent has a stricter one already.
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self';"
        " media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = NO_SENSORS
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        # Nobody is known yet where a request is refused early, and such a page may give back what somebody typed.
        nobody = g.get("actor") is not None and g.actor.person_id is None
        is_public = nobody and request.method in SAFE_METHODS and "token" not in (request.view_args or {})
        response.headers["Cache-Control"] = "no-cache" if is_public else "no-store"
        response.headers["Vary"] = "Cookie, Accept-Language"
    return response


def _show_hidden_characters(response: Response) -> Response:
    """A form that is refused repeats what was typed: a character that HTML cannot hold is shown as a sign for one."""
    if response.status_code >= 400 and response.mimetype == "text/html":
        response.set_data(_in_html(response.get_data(as_text=True)))
    return response


def _in_html(text: str) -> str:
    return NOT_IN_HTML.sub("\ufffd", text)


def _error_page(
    status: int,
    message: str = "",
    problems: list[Problem] | None = None,
    typed: list[str] | None = None,
    permission: str = "",
) -> ResponseReturnValue:
    unit_of_work.rollback()
    g.is_refused = True
    page = render_template(
        f"errors/{status}.html", message=message, problems=problems or [], typed=typed or [], permission=permission
    )
    return page, status


def _register_errors(app: FundApp) -> None:
    @app.errorhandler(NotFound)
    def not_found(_error: NotFound) -> ResponseReturnValue:
        if request.view_args:
            security_log.note("object_not_found")
        return _error_page(404)

    @app.errorhandler(NotAllowed)
    def not_allowed(error: NotAllowed) -> ResponseReturnValue:
        security_log.note("not_allowed", permission=error.permission)
        return _error_page(403, error.reason, permission=error.permission)

    @app.errorhandler(InvalidTransition)
    @app.errorhandler(Conflict)
    def conflict(error: InvalidTransition | Conflict) -> ResponseReturnValue:
        return _error_page(409, error.message)

    @app.errorhandler(StaleDataError)
    def stale(_error: StaleDataError) -> ResponseReturnValue:
        return _error_page(409, _("Somebody else changed this at the same moment. Please look again."))

    @app.errorhandler(RuleViolations)
    def violations(error: RuleViolations) -> ResponseReturnValue:
        return _error_page(400, problems=error.problems)

    @app.errorhandler(TextError)
    def bad_text(error: TextError) -> ResponseReturnValue:
        return _error_page(400, str(error))

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> ResponseReturnValue:
        security_log.note("forged_request")
        message = _("This page was open for a long time. Go back, reload it, and send it again.")
        return _error_page(400, message, typed=typed_texts())

    @app.errorhandler(TooManyRequests)
    def too_many(error: TooManyRequests) -> ResponseReturnValue:
        security_log.note("limit_reached")
        response = app.make_response(_error_page(429, typed=typed_texts()))
        response.retry_after = error.retry_after
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        if error.code is not None and error.code < 400:
            return error.get_response()
        if event := error.event if isinstance(error, ForeignRequest) else NOTED.get(error.code or 0):
            security_log.note(event)
        return _error_page(error.code if error.code in SHOWN_ERRORS else 400)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        if app.testing:
            raise error
        error_id = secrets.token_hex(4)
        logs.unexpected(error, error_id=error_id, route=request.url_rule, method=request.method)
        return _error_page(500, error_id)


def _register_globals(app: FundApp) -> None:
    versions: dict[str, str] = {}

    def asset_url(filename: str) -> str:
        """Return the address of a static file, with its content's hash, so that it can be cached for a year."""
        if filename not in versions:
            data = (Path(app.static_folder or "") / filename).read_bytes()
            versions[filename] = hashlib.sha256(data).hexdigest()[:12]
        return url_for("static", filename=filename, v=versions[filename])

    def search_fields() -> list[tuple[str, str]]:
        """Return what was searched for, where this page says what was found: searches come by POST."""
        view = app.view_functions.get(request.endpoint or "")
        is_search = view is not None and request.method not in SAFE_METHODS and declared_by(view).limit == "search"
        if not is_search or "is_refused" in g:
            return []
        asked = request.form.items(multi=True)
        return [(_in_html(name), _in_html(value)) for name, value in asked if name != "csrf_token"]

    def address_in(language: str) -> str:
        """Return the address of this page in another language; the nearest page above it, where only forms go to it.

        That of a search takes the search again, by POST.
        """
        addresses, path = app.url_map.bind(""), request.path
        while not search_fields() and not addresses.test(path, "GET") and addresses.allowed_methods(path):
            path = path.rpartition("/")[0] or "/"
        is_readable = request.query_string.isascii()  # else nothing of it can be repeated
        asked = request.args.items(multi=True) if is_readable else ()
        kept = [(name, value) for name, value in asked if name != "lang"]
        return f"{quote(path, errors='replace')}?{urlencode([*kept, ('lang', language)])}"

    app.jinja_env.globals.update(
        asset_url=asset_url,
        address_in=address_in,
        search_fields=search_fields,
        LANGUAGES=LANGUAGES,
        direction=direction,
    )
    app.jinja_env.filters["localised"] = localised

    @app.context_processor
    def request_context() -> dict[str, Any]:
        return {"actor": g.get("actor"), "language": current_language()}
