"""What logs hold after somebody tried something: one event each, in one line, without what they wrote."""

import io
import json
import logging
from typing import Any
from uuid import uuid4

import pytest

from fundapp.accounts.permissions import Role
from fundapp.core.logs import JsonLines
from fundapp.core.storage import Storage

from ..factories import make_call, make_person, make_staff
from .world import make_round

MARK = "amina.sample@sample.example"


@pytest.fixture
def logged():
    """Every line that the service logs during a test."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def security(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["event"], line["route"]) for line in lines if line["log"] == "fundapp.security"]


def test_row_1_an_object_of_others_is_one_event_with_its_reference(app, signed_in, logged):
    theirs = make_round(app.extensions["storage"], "theirs")
    client = signed_in(make_person("Amina Sample"))
    assert client.get(f"/applications/{theirs.draft.id}").status_code == 404
    (line,) = [each for each in logged() if each["log"] == "fundapp.security"]
    assert (line["event"], line["route"]) == ("object_not_found", "/applications/<uuid:application_id>")
    assert line["object"] == f"application_id={theirs.draft.id}"
    assert line["person"].startswith("p-")
    assert "amina" not in json.dumps(line).lower()


def test_row_3_a_missing_permission_is_one_event(app, signed_in, logged):
    call = make_call()
    assert signed_in(make_person("Applicant")).get(f"/manage/{call.slug}").status_code == 403
    assert security(logged()) == [("not_allowed", "/manage/<slug>")]
    assert logged()[-1]["permission"] == "call:read"
    assert signed_in(None).get(f"/manage/{call.slug}").status_code == 302
    assert security(logged())[1:] == [("not_signed_in", "/manage/<slug>")]


def test_row_15_a_forged_request_is_one_event(app, signed_in, logged):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert signed_in(make_person("Somebody")).post("/sign-out", data={"csrf_token": "forged"}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert security(logged()) == [("forged_request", "/sign-out")]


def test_row_67_a_body_too_large_is_one_event(app, signed_in, logged):
    form = "&".join(f"field{number}=" for number in range(900_000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert signed_in(None).post("/sign-in", data=form, headers=headers).status_code == 413
    assert security(logged()) == [("too_large", "/sign-in")]


@pytest.mark.parametrize(
    "path",
    [
        f"/applications/{uuid4()}?email={MARK}",
        f"/no/such/page/{MARK}?name={MARK}",
        f"/sign-in?next=/{MARK}%0d%0aforged",
        f"/calls?q={MARK}%1b[31m",
        f"/calls?q={MARK}\u00e9",
    ],
)
def test_row_53_what_stands_in_an_address_is_not_logged(app, signed_in, logged, path):
    client = signed_in(make_staff(Role.MANAGER, None, name="Manager Sample"))
    client.get(path, headers={"User-Agent": MARK, "X-Forwarded-For": "203.0.113.7", "Referer": f"http://{MARK}/"})
    client.post(path, data={"email": MARK})
    text = json.dumps(logged()).lower()
    assert MARK not in text
    assert "manager sample" not in text
    assert "203.0.113.7" not in text
    assert "forged" not in text


def test_an_unexpected_error_has_a_number_that_page_and_log_share(app, signed_in, logged, monkeypatch):
    def broken(_storage: Storage, _sha256: str) -> bytes:
        raise ValueError(f"cannot read what {MARK} wrote")

    world = make_round(app.extensions["storage"], "ours")
    monkeypatch.setattr(Storage, "open", broken)
    client = signed_in(world.people[Role.APPLICANT])
    app.testing = False
    try:
        answer = client.get(f"/applications/{world.draft.id}/files/{world.papers[0].id}")
    finally:
        app.testing = True
    assert answer.status_code == 500
    (line,) = [each for each in logged() if each["event"] == "unexpected_error"]
    assert line["error_id"] in answer.get_data(as_text=True)
    assert line["error"] == "ValueError"
    assert line["route"] == "/applications/<uuid:application_id>/files/<uuid:attachment_id>"
    assert any("test_log_attacks.py" in place for place in line["trace"])
    assert MARK not in json.dumps(line)
    assert MARK not in answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=True)
