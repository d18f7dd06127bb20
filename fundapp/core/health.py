"""The address that a load balancer asks."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from fundapp.core.db import db
from fundapp.core.routes import public

bp = Blueprint("health", __name__)


@bp.get("/health")
@public
def health() -> ResponseReturnValue:
    """Answer "ok" when the database answers; the queue may be down, it only delays."""
    db.session.execute(text("SELECT 1"))
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}
