"""The inventory of routes is complete, is the one that is committed, and leaves nothing open."""

from pathlib import Path

import pytest

import fundapp
from fundapp.accounts.permissions import ROLE_PERMISSIONS, P, Role
from fundapp.accounts.refusals import PERMISSION_LABELS, ROLE_LABELS, ROLE_MEANINGS, permission_table
from fundapp.core.routes import PUBLIC
from fundapp.inventory import ANY_SIGNED_IN, ANYBODY, OBJECTS, as_csv, inventory

NAMING = {"permissions.py", "refusals.py"}
"""Files that name every permission without asking for any."""
DOCS = Path(fundapp.__file__).parent.parent / "docs"
FRESH = {
    "review.ratify",
    "disbursement.release",
    "disbursement.step_instalment",
    "disbursement.prepare_payment_file",
    "disbursement.release_payment_file",
    "disbursement.take_payment_file",
    "disbursement.send_payment_file",
    "disbursement.cancel_payment_file",
    "disbursement.note_payment",
    "disbursement.take_out",
    "disbursement.exports",
    "accounts.invite_person",
    "accounts.give_role",
    "accounts.take_role",
    "accounts.disable",
    "accounts.enable",
    "accounts.end_sessions",
    "accounts.request_factor_reset",
    "accounts.confirm_factor_reset",
    "accounts.change_address",
    "applications.open_identity",
    "disbursement.export_contacts",
    "retention.erase_person_now",
    "review.save_decision",
    "review.adopt_list",
    "review.give_votes",
    "review.give_vote",
    "review.keep_unapproved",
    "review.fix_lots",
    "review.draw_lots",
    "review.invite_reviewer",
    "review.invite_list",
}
"""Routes that nobody may reach with an old proof of who they are."""


def test_every_route_is_in_the_inventory_once(app):
    listed = sorted((route.endpoint, route.path) for route in inventory(app))
    assert listed == sorted((rule.endpoint, rule.rule) for rule in app.url_map.iter_rules())
    assert len(listed) == len(set(listed)) > 50


def test_the_committed_inventory_is_that_of_the_present_routes(app):
    assert (DOCS / "routes.csv").read_text() == as_csv(inventory(app)), "run: fundapp routes > docs/routes.csv"


def test_an_argument_that_names_nothing_known_stops_the_inventory(app, monkeypatch):
    monkeypatch.delitem(OBJECTS, "slug")
    with pytest.raises(KeyError, match="slug"):
        inventory(app)


def test_every_unsafe_route_asks_for_the_token_of_its_form(app):
    unsafe = [route for route in inventory(app) if "POST" in route.methods]
    assert len(unsafe) > 20
    assert [route.endpoint for route in unsafe if route.csrf != "yes"] == []


def test_a_view_that_is_exempt_from_tokens_is_shown_as_such(app):
    view = app.view_functions["review.ratify"]
    location = f"{view.__module__}.{view.__name__}"
    app.extensions["csrf"].exempt(view)
    try:
        assert [route.endpoint for route in inventory(app) if route.csrf == "no"] == ["review.ratify"]
    finally:
        app.extensions["csrf"]._exempt_views.remove(location)


def test_what_cannot_be_undone_asks_for_a_fresh_proof(app):
    assert {route.endpoint for route in inventory(app) if route.fresh} >= FRESH


def test_nobody_sends_anything_unknown_and_unlimited(app):
    open_to_all = [route for route in inventory(app) if route.permission == PUBLIC and "POST" in route.methods]
    assert len(open_to_all) > 4
    assert [route.endpoint for route in open_to_all if not route.limit] == []


def test_every_permission_is_held_by_somebody_and_has_a_name(app):
    assert set(PERMISSION_LABELS) == set(P)
    assert set().union(*ROLE_PERMISSIONS.values()) == set(P)
    assert set(ROLE_LABELS) == set(ROLE_MEANINGS) == set(ROLE_PERMISSIONS) == set(Role)


def test_the_auditor_reads_everything_and_writes_nothing():
    reading = {permission for permission in P if permission.value.endswith(":read")}
    assert len(reading) > 8
    assert ROLE_PERMISSIONS[Role.AUDITOR] - {P.SESSION_USE, P.DECISION_EXPORT} == reading - {P.LETTER_READ}


def test_nobody_who_only_reads_may_send_anything(app):
    """No unsafe route asks for a reading permission, so a role that only reads can change nothing.

    Only searches come by POST, and the table of what was searched for: the words must not stand in addresses. So does
    what leaves the house and is put on record. They change nothing (`test_managing.py`, `test_application_list.py`,
    `test_people_and_roles.py`).
    """
    changing = [route for route in inventory(app) if "POST" in route.methods and route.permission.endswith(":read")]
    assert {route.endpoint for route in changing} == {
        "applications.search_applications",
        "applications.applications_file",
        "accounts.search_people",
        "review.search_tally",
        "disbursement.search_letters",
        "disbursement.letters_file",
        "disbursement.search_offers",
        "disbursement.search_reports",
        "disbursement.reports_file",
        "disbursement.offers_file",
        "disbursement.dossier",
        "disbursement.search_ledger",
        "disbursement.ledger_file",
    }


def test_the_administrator_reaches_no_route_of_a_call(app):
    held = ROLE_PERMISSIONS[Role.ADMINISTRATOR]
    reached = [route for route in inventory(app) if route.permission in held and route.roles != ANY_SIGNED_IN]
    assert reached
    assert [route.path for route in reached if not route.path.startswith("/admin/")] == []
    assert [route.objects for route in reached if "call" in route.objects or "application" in route.objects] == []


def test_every_route_says_who_may_ask(app):
    assert [route.endpoint for route in inventory(app) if not route.roles or not route.permission] == []
    assert {route.roles for route in inventory(app) if route.permission == PUBLIC} == {ANYBODY}


def test_the_committed_table_of_roles_is_the_present_one(app):
    assert permission_table() in (DOCS / "roles.md").read_text(), (
        "run: fundapp roles table, and put it into docs/roles.md"
    )


def test_every_permission_is_asked_for_somewhere():
    """A permission that nothing asks for would promise something in the table of roles that is not there."""
    source = "".join(
        path.read_text() for path in Path(fundapp.__file__).parent.rglob("*.py") if path.name not in NAMING
    )
    assert [permission.name for permission in P if f"P.{permission.name}" not in source] == []
