"""Calls as opportunities of the CommonGrants protocol. Source: CommonGrants Base API 0.4.0."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fundapp.applications.models import Call, CallStatus
from fundapp.applications.rules import Opening, opening
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import localised
from fundapp.core.money import Money
from fundapp.disbursement.queries.open_calls import OpenCall

Json = dict[str, Any]
STATUSES: Final = {Opening.NOT_YET: "forecasted", Opening.OPEN: "open", Opening.CLOSED: "closed"}


def opportunity(each: OpenCall, url: str, now: datetime) -> Json:
    """Return a call as OpportunityBase, in the current language; `url` is the address of its page.

    Amounts are decimal texts in major units. Days and times are those of the call's own time zone, which each event
    names, since the standard has no place for a zone.
    """
    call = each.call
    return {
        "id": str(each.id),
        "title": localised(call.titles),
        "status": {"value": _status(call, now)},
        "description": localised(call.purposes),
        "funding": {
            "totalAmountAvailable": _money(call.budget_minor, call.currency),
            **({"maxAwardAmount": _money(call.ceiling_minor, call.currency)} if call.ceiling_minor is not None else {}),
        },
        "keyDates": {
            "postDate": _event(_("Opens"), call.opens_at, call.time_zone),
            "closeDate": _event(_("Deadline"), call.closes_at, call.time_zone),
            **({"otherDates": others} if (others := _nominations(call)) else {}),
        },
        "source": url,
        "createdAt": _instant(call.created_at),
        "lastModifiedAt": _instant(each.changed_at),
    }


def _status(call: Call, now: datetime) -> str:
    if call.status is CallStatus.DECIDED:
        return "closed"
    return STATUSES[opening(opens_at=call.opens_at, closes_at=call.closes_at, now=now)]


def _nominations(call: Call) -> Json:
    if call.nominations_open_at is None or call.nominations_close_at is None:
        return {}
    return {
        "nominationsOpen": _event(_("Nominations from"), call.nominations_open_at, call.time_zone),
        "nominationsClose": _event(_("Nominations until"), call.nominations_close_at, call.time_zone),
    }


def _event(name: str, at: datetime, time_zone: str) -> Json:
    local = at.astimezone(ZoneInfo(time_zone))
    return {
        "name": name,
        "eventType": "singleDate",
        "date": local.date().isoformat(),
        "time": local.strftime("%H:%M:%S"),
        "description": f"{local.isoformat(timespec='seconds')} ({time_zone})",
    }


def _money(minor: int, currency: str) -> Json:
    return {"amount": str(Money(minor, currency).decimal), "currency": currency}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
