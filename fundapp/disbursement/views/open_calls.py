"""Addresses at which machines read the public calls: the CommonGrants protocol, and calendars."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.applications.call_links import CallLink
from fundapp.applications.models import Call
from fundapp.applications.queries.public import announced_call
from fundapp.core import clock
from fundapp.core.errors import NotFound
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import limited, public
from fundapp.disbursement.exports.calendar import CONTENT_TYPE, call_calendar
from fundapp.disbursement.exports.opportunities import opportunity
from fundapp.disbursement.queries import open_calls as queries
from fundapp.disbursement.views import bp

PAGE_SIZE: Final = 100
"""What the standard gives where nothing is asked; more at once is not given."""


@bp.get("/common-grants/opportunities")
@public
@limited("open_data")
def opportunities() -> ResponseReturnValue:
    """List the public calls by the CommonGrants protocol, the last changed first."""
    try:
        page, size = _positive("page", 1), min(_positive("pageSize", PAGE_SIZE), PAGE_SIZE)
    except ValueError as error:
        return _answer({"status": 400, "message": "Bad request", "errors": [str(error)]})
    found, now = queries.open_calls(), clock.now()
    return _answer(
        {
            "status": 200,
            "message": "Success",
            "items": [_opportunity(each, now) for each in found[(page - 1) * size : page * size]],
            "paginationInfo": {
                "page": page,
                "pageSize": size,
                "totalItems": len(found),
                "totalPages": ceil(len(found) / size),
            },
        }
    )


@bp.get("/common-grants/opportunities/<uuid:opportunity_id>")
@public
@limited("open_data")
def one_opportunity(opportunity_id: UUID) -> ResponseReturnValue:
    """Give one public call by the CommonGrants protocol."""
    try:
        found = queries.open_call(opportunity_id)
    except NotFound:
        return _answer({"status": 404, "message": "Not found", "errors": []})
    return _answer({"status": 200, "message": "Success", "data": _opportunity(found, clock.now())})


@bp.get("/calls/<slug>/dates.ics")
@public
@limited("open_data")
def call_dates(slug: str) -> ResponseReturnValue:
    """Give the dates of a call for a calendar."""
    call = announced_call(slug)
    data = call_calendar(
        call,
        url=_page_of(call),
        host=urlsplit(_base_url()).hostname or "localhost",
        changed_at=queries.changed_at([call])[call.id],
    )
    response = Response(data, content_type=CONTENT_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{call.slug}.ics")
    return response


def calendar_links(call: Call, _now: datetime) -> list[CallLink]:
    """Return where the dates of a call are, for its page."""
    return [CallLink(url_for("disbursement.call_dates", slug=call.slug), _("The dates, for your calendar"))]


def _opportunity(each: queries.OpenCall, now: datetime) -> dict[str, Any]:
    return opportunity(each, _page_of(each.call), now)


def _page_of(call: Call) -> str:
    return _base_url() + url_for("applications.call_page", slug=call.slug)


def _base_url() -> str:
    return str(current_app.extensions["settings"].base_url)


def _positive(name: str, default: int) -> int:
    """Return a whole number of the address. Raises ValueError with what is wrong."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
        raise ValueError(f"{name} must be a whole number from 1 on")
    return int(text)


def _answer(content: Mapping[str, Any]) -> ResponseReturnValue:
    return jsonify(content), content["status"]
