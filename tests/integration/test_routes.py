"""Every route x every role, from the url map: deny by default, and nothing forgotten."""

import ast
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.routing import Rule

import fundapp
from fundapp import create_app
from fundapp.accounts.permissions import ROLE_PERMISSIONS, P, Role
from fundapp.core.db import db
from fundapp.core.routes import PUBLIC, check_routes, declared_by, public
from fundapp.core.web import FundApp
from fundapp.settings import Settings

from ..factories import make_call, make_staff
from ..keyring import made_keys

SOURCE = Path(fundapp.__file__).parent
KNOWN_NOWHERE = {"slug": "no-such-call", "format": "csv", "token": "no-such-token", "filename": "app.css"}


def url_of(app: FundApp, rule: Rule) -> str:
    """Return an address of a rule that names objects which do not exist."""
    values: dict[str, Any] = {name: KNOWN_NOWHERE.get(name, uuid4()) for name in rule.arguments}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


def guarded(app: FundApp) -> list[tuple[Rule, str]]:
    """Return every rule that asks for a permission."""
    pairs = [(rule, declared_by(app.view_functions[rule.endpoint]).permission) for rule in app.url_map.iter_rules()]
    return [(rule, permission) for rule, permission in pairs if permission and permission != PUBLIC]


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_every_route_declares_a_permission_that_exists(app):
    for rule in app.url_map.iter_rules():
        assert declared_by(app.view_functions[rule.endpoint]).permission in {PUBLIC, *P}, rule.endpoint


def test_a_route_without_a_permission_does_not_start(tmp_path):
    app = create_app(
        Settings(
            database_url="sqlite://",
            redis_url="unix:///nowhere",
            data_dir=tmp_path,
            keys_dir=made_keys(tmp_path),
            secret_key="a secret for tests, long enough to be one",
            base_url="http://localhost",
            mail_url="file:/nowhere",
        )
    )
    check_routes(app)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    with pytest.raises(RuntimeError, match="forgotten"):
        check_routes(app)
    app.view_functions["forgotten"] = public(lambda: "not secret")
    check_routes(app)


def test_nobody_gets_anywhere_without_signing_in(app, signed_in):
    client = signed_in(None)
    rules = guarded(app)
    assert len(rules) > 20
    for rule, _permission in rules:
        for method in methods_of(rule):
            answer = client.open(url_of(app, rule), method=method)
            assert answer.status_code == 302, (method, rule)
            assert answer.location.startswith("/sign-in?"), (method, rule)


@pytest.mark.parametrize("role", Role)
def test_each_role_is_refused_every_route_that_it_holds_no_permission_for(app, signed_in, role):
    person = make_staff(role, make_call() if role is Role.REVIEWER else None)
    client = signed_in(person)
    held = ROLE_PERMISSIONS[role] | ROLE_PERMISSIONS[Role.APPLICANT]
    refused = 0
    for rule, permission in guarded(app):
        for method in methods_of(rule):
            if rule.endpoint == "accounts.sign_out":
                continue
            answer = client.open(url_of(app, rule), method=method)
            db.session.rollback()
            if permission in held:
                assert answer.status_code != 403, (method, rule, "held, yet refused")
                assert answer.status_code < 500, (method, rule)
            else:
                assert answer.status_code == 403, (method, rule, "not held, yet let in")
                refused += 1
    assert refused > 0, "each role must be refused something"


@pytest.mark.parametrize("role", Role)
def test_objects_that_do_not_exist_are_not_found_for_whoever_may_ask(app, signed_in, role):
    client = signed_in(make_staff(role))
    held = ROLE_PERMISSIONS[role] | ROLE_PERMISSIONS[Role.APPLICANT]
    asked = 0
    for rule, permission in guarded(app):
        if permission in held and rule.arguments and "GET" in methods_of(rule):
            assert client.get(url_of(app, rule)).status_code == 404, rule
            asked += 1
    assert asked > 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_methods_that_no_page_uses_are_refused(app, signed_in, method):
    client = signed_in(None)
    for rule in app.url_map.iter_rules():
        assert client.open(url_of(app, rule), method=method).status_code == 405, rule


def test_every_unsafe_route_refuses_a_request_without_its_token(app, signed_in):
    client = signed_in(make_staff(Role.MANAGER))
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        asked = 0
        for rule in app.url_map.iter_rules():
            if "POST" in methods_of(rule):
                answer = client.post(url_of(app, rule))
                assert answer.status_code == 400, rule
                asked += 1
        assert asked > 10
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def assignments_to_status() -> list[str]:
    """Return every place in the source where some `.status` is assigned."""
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                found += [
                    str(path.relative_to(SOURCE))
                    for target in targets
                    if isinstance(target, ast.Attribute) and target.attr == "status"
                ]
    return found


def test_only_the_workflow_assigns_a_status():
    assert assignments_to_status() == ["core/workflow.py"]


def calls_of(path: Path) -> set[str]:
    """Return the dotted names that a module calls."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


def test_services_never_commit():
    files = [path for path in SOURCE.rglob("*.py") if "services" in path.parts or path.stem == "services"]
    assert len(files) > 3
    for path in files:
        assert not {"db.session.commit", "unit_of_work.commit"} & calls_of(path), path
