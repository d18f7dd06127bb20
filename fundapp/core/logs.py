"""Logs without personal data: one line of JSON per event, of keys on a list and values that cannot be sentences.

Whoever reads the logs learns what happened, when, where and to which reference; never a name, an address, an answer,
an address of the internet, or a query. A person is an alias that holds for one day.
"""

import hashlib
import hmac
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO
from uuid import UUID

from flask import current_app, has_app_context

from fundapp.core import clock
from fundapp.core.errors import Failure

KEYS: Final = frozenset(
    {
        *("application", "attempt", "by", "call", "count", "error", "error_id", "factor", "kind", "language", "limit"),
        *("method", "object", "outbox", "person", "permission", "place", "purpose", "ring", "role", "route", "scope"),
        *("status", "subject", "table", "trace", "key"),
    }
)
"""What a line may say besides when, how grave, who logged it and which event. docs/deploy.md explains each."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_.:/<>,=+()-]{1,160}")
"""Ids, names of routes, statuses and codes fit; a sentence, a name of two words or an address does not."""
ROOT: Final = Path(__file__).parent.parent.parent

_log = logging.getLogger("fundapp")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON in ASCII: line ends and terminal codes in a value are escaped.

    A record of ours carries `refs`. Of a record of a library only the template is kept, and that only where the values
    are apart from it; otherwise the place in its code says what it was.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write the record."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "process": record.process,
        }
        refs = getattr(record, "refs", None)
        if refs is not None:
            line |= {"event": record.msg, **refs}
        else:
            line |= {"event": "library", "place": f"{_short(record.pathname)}:{record.lineno}"}
            if record.args and isinstance(record.msg, str):
                line["template"] = record.msg
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": type(record.exc_info[1]).__name__, "trace": list(_trace(record.exc_info[1]))}
        return json.dumps(line, ensure_ascii=True, default=str)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment of writing."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(JsonLines())

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # StreamHandler keeps the stream of its start
        """Return the present standard error."""
        return sys.stderr


def set_up() -> None:
    """Send every log of this process to standard error in the one form; a second call changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler, _StandardError) for handler in root.handlers):
        return
    root.addHandler(_StandardError())
    root.setLevel(logging.WARNING)
    _log.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def write(event: str, *, level: int = logging.INFO, log: logging.Logger = _log, **refs: Any) -> None:
    """Log an event of ours. Keys that are not on the list are left out, and the line says so."""
    log.log(level, event, extra={"refs": _allowed(refs)})


def unexpected(error: BaseException, **refs: Any) -> None:
    """Log an error that nobody foresaw: its type and the places it came through, never its message or values."""
    _log.error(
        "unexpected_error",
        extra={"refs": _allowed(refs) | {"error": type(error).__name__, "trace": list(_trace(error))}},
    )


def described(error: BaseException) -> str:
    """Say what went wrong by type and place, without the message, which may quote what somebody wrote.

    Errors of ours that promise to hold references only (Failure) are quoted, and so are the system's own words.
    """
    name = type(error).__name__
    if isinstance(error, Failure):
        return ascii(f"{name}: {error}")[1:-1]
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"{name}: {os.strerror(error.errno)}"
    return " at ".join([name, *list(_trace(error))[-1:]])


def alias_of(person_id: UUID, now: datetime) -> str:
    """Return what a person is called in the logs of this day (UTC): the same everywhere, another one tomorrow."""
    secret = str(current_app.config["SECRET_KEY"]) if has_app_context() else ""
    day_key = hmac.digest(secret.encode(), f"fundapp log {now.astimezone(UTC):%Y-%m-%d}".encode(), hashlib.sha256)
    return "p-" + hmac.digest(day_key, person_id.bytes, hashlib.sha256).hex()[:12]


def _allowed(refs: dict[str, Any]) -> dict[str, Any]:
    kept = {key: _plain(key, value) for key, value in refs.items() if key in KEYS and value is not None}
    dropped = sorted(refs.keys() - KEYS)
    return kept | {"dropped": dropped} if dropped else kept


def _plain(key: str, value: Any) -> Any:
    if key == "person" and isinstance(value, UUID):
        return alias_of(value, clock.now())
    if isinstance(value, bool | int):
        return value
    text = str(value)
    return text if TOKEN.fullmatch(text) else "(not a reference)"


def _trace(error: BaseException) -> Iterator[str]:
    """Name the places an error came through, outermost first; what caused it comes before it."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _trace(cause)
        yield f"then {type(error).__name__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{_short(frame.filename)}:{frame.lineno} {frame.name}"


def _short(filename: str) -> str:
    path = Path(filename)
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
