"""Every route with what guards it, as a table that people read and the tests run from."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Final

from flask import Flask
from werkzeug.routing import Rule

from fundapp.accounts.permissions import Role
from fundapp.accounts.refusals import roles_with
from fundapp.core.routes import PUBLIC, SAFE_METHODS, declared_by

ANYBODY: Final = "anybody"
ANY_SIGNED_IN: Final = "everybody signed in"
OBJECTS: Final[Mapping[str, str]] = {
    "slug": "call",
    "part": "part of what a call says",
    "stage": "stage of a call's review",
    "listed": "list of a call: its categories, criteria, stages or phases",
    "application_id": "application",
    "attachment_id": "file",
    "upload_id": "file on its way",
    "assignment_id": "assignment",
    "reviewer_id": "reviewer of a call, or who is asked to be one",
    "tie_id": "tie that a reviewer named",
    "entry_id": "entry",
    "list_id": "list that somebody tries",
    "letter_id": "letter",
    "superseded_id": "what a letter was before it was made anew",
    "kind": "kind of letter",
    "award_id": "award",
    "fund_id": "fund behind a call",
    "funder_id": "funder",
    "report_id": "report on an award",
    "file_id": "payment file",
    "opportunity_id": "public call by its id for machines",
    "person_id": "person",
    "factor_id": "second factor",
    "session_id": "session",
    "grant_id": "role that somebody has",
    "hold_id": "hold on erasing",
    "request_id": "request to be erased",
    "invitation_id": "invitation to an organisation",
    "import_id": "table of applications",
    "export_id": "table that somebody takes out",
    "enquiry_id": "question before an application",
    "nominee_id": "somebody who was nominated",
    "number": "section, question, version or row of a form, counted from 1",
    "format": "kind of file",
    "language": "language of a call",
    "filename": "file of the site itself",
    "token": "mailed link",
}
"""What each argument of an address names. An argument that is missing here stops the inventory: say what it names."""


@dataclass(frozen=True)
class Route:
    """One route and method: who may ask, for what, and what else the request has to bring."""

    endpoint: str
    path: str
    methods: str
    permission: str
    roles: str
    objects: str
    csrf: str
    limit: str
    fresh: str


def inventory(app: Flask) -> list[Route]:
    """Return every route of the application by address. Raises KeyError for an argument that OBJECTS does not name."""
    return sorted(
        (_route(app, rule) for rule in app.url_map.iter_rules()), key=lambda route: (route.path, route.methods)
    )


def as_csv(routes: Sequence[Route]) -> str:
    """Return an inventory as CSV with a heading."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Route))
    writer.writerows(astuple(route) for route in routes)
    return text.getvalue()


def _route(app: Flask, rule: Rule) -> Route:
    view = app.view_functions[rule.endpoint]
    declared = declared_by(view)
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return Route(
        endpoint=rule.endpoint,
        path=rule.rule,
        methods=" ".join(methods),
        permission=declared.permission or "",
        roles=_who(declared.permission or ""),
        objects="; ".join(f"{name}: {OBJECTS[name]}" for name in sorted(rule.arguments)),
        csrf="" if set(methods) <= SAFE_METHODS else "no" if _is_exempt(app, rule) else "yes",
        limit=declared.limit,
        fresh="yes" if declared.fresh else "",
    )


def _is_exempt(app: Flask, rule: Rule) -> bool:
    """Say whether a route takes unsafe requests without the token of its form."""
    protection, view = app.extensions["csrf"], app.view_functions[rule.endpoint]
    blueprint = app.blueprints.get(rule.endpoint.rpartition(".")[0])
    return (
        f"{view.__module__}.{view.__name__}" in protection._exempt_views or blueprint in protection._exempt_blueprints
    )


def _who(permission: str) -> str:
    if permission == PUBLIC:
        return ANYBODY
    roles = roles_with(permission)
    return ANY_SIGNED_IN if Role.APPLICANT in roles else " ".join(roles)
