"""When a request arrived, by the one clock that all servers share: what a deadline is held against.

There is no grace: the deadline is the instant that pages name. What arrived before it counts, however long the work
on it takes then.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, cast

from flask import Flask, current_app, g
from sqlalchemy import func, select

from fundapp.core import clock
from fundapp.core.db import db

KEY: Final = "arrival_clock"
ArrivalClock = Callable[[], datetime]


def init_app(app: Flask) -> None:
    """Note of every request when it came in, before it waits for anything."""
    app.extensions[KEY] = by_database

    @app.before_request
    def note() -> None:
        g.arrived_at = clock.now()


def arrival() -> datetime:
    """Return when the present request arrived, aware, in UTC."""
    read = cast(ArrivalClock, current_app.extensions[KEY])
    return read()


def by_database() -> datetime:
    """Return when the database saw the request first; SQLite has no clock but that of this very machine.

    On PostgreSQL that is the beginning of the request's transaction, which does not move while it waits for a lock.
    """
    if db.engine.dialect.name == "sqlite":
        return by_this_process()
    return cast(datetime, db.session.scalar(select(func.transaction_timestamp()))).astimezone(UTC)


def by_this_process() -> datetime:
    """Return when this process took the request on, by its machine's clock."""
    return cast(datetime, g.arrived_at)
