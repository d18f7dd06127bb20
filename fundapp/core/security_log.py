"""Security events: refusals, failed proofs, limits reached. Lines of the log, written whatever the database does."""

import logging
from typing import Any, Final
from uuid import UUID

from flask import g, has_request_context, request

from fundapp.core import logs

_log: Final = logging.getLogger("fundapp.security")


def note(event: str, **refs: Any) -> None:
    """Log one security event with references from `logs.KEYS`; a request's route, method and person come along.

    A `person` is given as an id, and logged as an alias of the day.
    """
    logs.write(event, level=logging.WARNING, log=_log, **(_of_request() | refs))


def _of_request() -> dict[str, Any]:
    if not has_request_context():
        return {}
    named = [f"{name}={value}" for name, value in (request.view_args or {}).items() if isinstance(value, UUID)]
    return {
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else "(no route)",
        "person": getattr(g.get("actor"), "person_id", None),
        "object": ",".join(sorted(named)) or None,
    }
