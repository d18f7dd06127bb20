"""fundapp: a grant-making workflow service for grassroots justice funds."""

import os

# NumPy's OpenBLAS reads this once, when NumPy is first imported, so it stands before anything else of ours. Matrices of
# a tally are small: threads would mostly wait for each other, 61 seconds of processor time in place of 11 for 72,000
# scores on a busy machine. What an operator has set stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Final

from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from fundapp.accounts import limits
from fundapp.accounts import room as accounts
from fundapp.accounts.gates import factor_gate, fresh_gate
from fundapp.accounts.limits import limit_gate
from fundapp.accounts.services.returned_mail import note_returned_mail
from fundapp.accounts.sessions import load_actor
from fundapp.applications import room as applications
from fundapp.audited import COVERAGE
from fundapp.core import arrival, health, keys, mail, web
from fundapp.core.db import db, engine_options
from fundapp.core.keys import Part
from fundapp.core.origins import Site
from fundapp.core.postbox import deliver_through
from fundapp.core.queue import RedisQueue
from fundapp.core.routes import check_routes
from fundapp.core.scanning import Scanner
from fundapp.core.storage import Storage
from fundapp.core.web import FundApp
from fundapp.disbursement import room as disbursement
from fundapp.history import room as history
from fundapp.retention import room as retention
from fundapp.review import room as review
from fundapp.settings import Settings

MAX_REQUEST_BYTES: Final = 25 * 1024 * 1024
_root: Final = Path(__file__).parent.parent
migrate = Migrate(directory=str(_root / "migrations"), compare_type=True)


def create_app(settings: Settings | None = None, *, holds: Collection[Part] = keys.WEB) -> FundApp:
    """Build the application from settings (default: the environment), with the keys that its process `holds`.

    Raises SettingsError and KeysError for what is missing or unsafe, RuntimeError when a route declares no permission.
    """
    settings = settings or Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = FundApp("fundapp", template_folder=str(_root / "templates"))
    app.config.update(
        DEBUG=False,  # whatever FLASK_DEBUG says
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        SESSION_COOKIE_NAME="fundapp" if settings.insecure_cookies else "__Host-fundapp",
        SESSION_COOKIE_SECURE=not settings.insecure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session: a long form must never be refused
        WTF_CSRF_SSL_STRICT=False,  # our pages send no Referer; core.origins looks at Origin and Sec-Fetch-Site instead
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    app.extensions["settings"] = settings
    app.extensions["audit_coverage"] = COVERAGE
    app.extensions["keys"] = keys.Keyring.load(settings.keys_dir, holds)
    app.extensions["storage"] = Storage(settings.data_dir / "files")
    app.extensions["scanner"] = Scanner(settings.clamd_address) if settings.clamd_address else None
    app.queue = RedisQueue(settings.redis_url)
    limits.join(app, settings.redis_url)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's own way of adding middleware
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0
        )
    db.init_app(app)
    migrate.init_app(app, db)
    arrival.init_app(app)
    web.init_app(
        app,
        site=Site(settings.base_url, settings.hosts),
        load_actor=load_actor,
        gates=(factor_gate, web.permission_gate, limit_gate, fresh_gate),
    )
    app.add_job_kind(
        mail.job_kind(
            deliver_through(settings.mail_url, mail_from=settings.mail_from, base_url=settings.base_url),
            note_returned_mail,
        )
    )
    app.register_blueprint(health.bp)
    for room in (accounts, applications, review, disbursement, retention, history):
        room.join(app)
    check_routes(app)
    return app
