"""Every page that somebody can open, and every form on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import flask_babel
import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from fundapp.accounts.permissions import ROLE_PERMISSIONS, Role
from fundapp.core.routes import PUBLIC, declared_by

from .world import addresses


@dataclass(frozen=True)
class Page:
    """An answer to a GET, with the rule that gave it."""

    rule: Rule
    path: str
    answer: TestResponse

    @property
    def is_html(self) -> bool:
        return self.answer.mimetype == "text/html"

    @property
    def tree(self) -> Element:
        return parsed(self.answer)


@dataclass(frozen=True)
class PageForm:
    """A form as a browser would send it back untouched; `free` names the fields into which anything can be typed."""

    path: str
    values: dict[str, Any]
    free: list[str] = field(default_factory=list)


def parsed(answer: TestResponse) -> Element:
    """Return the elements of a page, without namespaces."""
    tree: Element = html5lib.parse(answer.get_data(as_text=True), namespaceHTMLElements=False)
    return tree


def fetch(client: FlaskClient, path: str, method: str = "GET", **kwargs: Any) -> TestResponse:
    """Return an answer that was read to its end, so that no file stays open.

    Limits begin anew each time: a crawler asks more often than anybody may, and others try the limits.
    """
    client.application.extensions["limits"].reset()
    return _read(client.open(path, method=method, **kwargs))


def fetch_unparsed(client: FlaskClient, path: str, method: str = "GET", **kwargs: Any) -> TestResponse:
    """Do the same without looking at the page's HTML: for the thousandth variation of one address."""
    flask_babel.refresh()
    client.application.extensions["limits"].reset()
    return _read(FlaskClient.open(client, path, method=method, **kwargs))


def _read(answer: TestResponse) -> TestResponse:
    answer.get_data()
    answer.close()
    return answer


def without_address(text: str, path: str) -> str:
    """Return a page without its own address, which its links to other languages repeat, or the one above it."""
    return re.sub(r'href="[^"?]*\?([^"]*)lang=', r'href="PATH?\1lang=', text).replace(path, "PATH")


def held_by(role: Role | None) -> frozenset[str]:
    """Return what a role may ask for; whoever is signed in may also apply."""
    if role is None:
        return frozenset({PUBLIC})
    return frozenset({PUBLIC, *ROLE_PERMISSIONS[role], *ROLE_PERMISSIONS[Role.APPLICANT]})


def rules_for(app: Flask, role: Role | None, method: str) -> list[Rule]:
    """Return the rules that take a method and that a role may ask for (nobody in particular: role None)."""
    return _rules(app, held_by(role), method)


def rules_of(app: Flask, role: Role | None, method: str) -> list[Rule]:
    """Return the rules that a role may ask for, without those that are open to everybody or to every applicant."""
    if role is None:
        return rules_for(app, None, method)
    return _rules(app, held_by(role) - held_by(None if role is Role.APPLICANT else Role.APPLICANT), method)


def _rules(app: Flask, held: frozenset[str], method: str) -> list[Rule]:
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and declared_by(app.view_functions[rule.endpoint]).permission in held
    ]
    return sorted(rules, key=lambda rule: rule.rule)


def visit(
    app: Flask, client: FlaskClient, role: Role | None, objects: dict[str, list[Any]], *, own: bool = False
) -> Iterator[Page]:
    """Open every address over these objects that a role may ask for (`own`: that not everybody may)."""
    for rule in (rules_of if own else rules_for)(app, role, "GET"):
        for path in addresses(app, rule, objects):
            yield Page(rule, path, fetch(client, path))


def forms_on(page: Page) -> Iterator[PageForm]:
    """Return the forms of a page that change something; the one for signing out is left out."""
    for form in page.tree.iter("form"):
        action = urljoin(page.path, form.get("action") or page.path)
        if form.get("method", "get").lower() != "post" or action == "/sign-out":
            continue
        yield _read_form(form, action)


def _read_form(form: Element, action: str) -> PageForm:
    values: dict[str, Any] = {}
    free: list[str] = []
    for control in form.iter():
        name = control.get("name")
        if not name:
            continue
        kind = control.get("type", "text")
        match control.tag:
            case "textarea":
                values[name] = "".join(control.itertext())
                free.append(name)
            case "select":
                options = list(control.iter("option"))
                chosen = next((each for each in options if each.get("selected") is not None), options[0])
                values[name] = chosen.get("value", "")
                free.append(name)
            case "input" if kind in ("radio", "checkbox"):
                free.append(name)
                if control.get("checked") is not None:
                    values[name] = control.get("value", "on")
            case "input" if kind != "file":
                values[name] = control.get("value", "")
                if kind != "hidden":
                    free.append(name)
    return PageForm(action, values, sorted(set(free)))
