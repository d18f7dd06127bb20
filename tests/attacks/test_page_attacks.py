"""What people wrote stays text on every page, and every answer forbids the browser to run anything else."""

import re

import pytest
from flask.testing import FlaskClient

from fundapp.accounts.permissions import Role
from fundapp.applications.models import ApplicationStatus
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..factories import NOW, make_application, make_organisation
from .crawl import Page, fetch, visit
from .hostile import EVERYTHING, MARKUP, RECKONED, TEMPLATES
from .world import ROLES, Round, make_round

CALM = "A calm text (sample)"
ADDRESS_ATTRIBUTES = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "background"}


@pytest.fixture
def hostile_round(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Hostile", text=EVERYTHING, decided=True)
    make_application(
        made.call,
        person=made.people[Role.APPLICANT],
        organisation=make_organisation(f"{EVERYTHING} refused"),
        status=ApplicationStatus.INELIGIBLE,
        answers={"title": EVERYTHING},
        eligibility_reason=EVERYTHING,
    )
    db.session.flush()
    return made


def client_of(signed_in, made: Round, role: Role | None) -> FlaskClient:
    client: FlaskClient = signed_in(made.people[role] if role else None)
    return client


def harm_on(page: Page) -> list[str]:
    """Say what on a page would run, load or send something that the page's makers did not write."""
    found = []
    for element in page.tree.iter():
        if element.tag == "script" and not (element.get("src") or "").startswith("/static/"):
            found.append("inline script")
        if element.tag in ("style", "iframe", "object", "embed", "base", "applet", "frame", "math"):
            found.append(element.tag)
        for name, value in element.attrib.items():
            if name.lower().startswith("on") or name.lower() in ("style", "srcdoc"):
                found.append(f"{element.tag} {name}")
            if name.lower() in ADDRESS_ATTRIBUTES and not re.match(r"(/(?![/\\])|[?#])[^\s]*\Z|data:,\Z|\Z", value):
                found.append(f"{element.tag} {name}={value[:60]}")
    return found


def text_of(page: Page) -> str:
    return " ".join("".join(page.tree.itertext()).split())


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_39_40_and_43_hostile_texts_are_shown_as_they_were_written(app, signed_in, hostile_round, role):
    client = client_of(signed_in, hostile_round, role)
    shown = set()
    for page in visit(app, client, role, hostile_round.objects()):
        if not page.is_html or page.answer.status_code >= 400:
            continue
        assert harm_on(page) == [], page.path
        text = text_of(page)
        if " ".join(EVERYTHING.split()) in text:
            shown.add(page.rule.endpoint)
        assert RECKONED not in page.answer.text, page.path
        for part in (MARKUP[:30], TEMPLATES[:20]):
            assert part not in page.answer.text or "<textarea" in page.answer.text or part == TEMPLATES[:20], page.path
    assert {"applications.call_page"} <= shown
    expected = {
        None: "applications.calls",
        Role.APPLICANT: "applications.section",
        Role.REVIEWER: "review.read",
        Role.MANAGER: "applications.managed_application",
        Role.RATIFIER: "review.ratification",
    }
    assert expected.get(role, "applications.call_page") in shown, shown


def test_row_39_a_file_name_is_data_and_its_download_is_no_page(app, signed_in, hostile_round):
    client = client_of(signed_in, hostile_round, Role.APPLICANT)
    downloads = [
        page
        for page in visit(app, client, Role.APPLICANT, hostile_round.objects())
        if page.answer.mimetype == "application/pdf"
    ]
    assert len(downloads) >= 2
    for page in downloads:
        assert page.answer.headers["Content-Disposition"].startswith("attachment;"), page.path
        assert page.answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in page.answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_35_every_answer_carries_the_headers_that_protect_it(app, signed_in, hostile_round, role):
    client = client_of(signed_in, hostile_round, role)
    answers = [page.answer for page in visit(app, client, role, hostile_round.objects())]
    answers += [fetch(client, path) for path in ("/no-such-page", "/static/none.css", "/static/app.css", "/health")]
    answers += [fetch(client, "/sign-in", "PUT"), fetch(client, "/sign-in", "OPTIONS"), fetch(client, "/", "HEAD")]
    for answer in answers:
        headers, where, policy = answer.headers, answer.request.path, answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, where
        assert "unsafe" not in policy, where
        assert "frame-ancestors 'none'" in policy or "sandbox" in policy, where
        assert headers["X-Content-Type-Options"] == "nosniff", where
        assert headers["Referrer-Policy"] == "no-referrer", where
        assert headers["X-Frame-Options"] == "DENY", where
        assert (
            "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            or "sandbox" in headers["Content-Security-Policy"]
        )
        if role is not None and not where.startswith("/static/"):
            assert headers["Cache-Control"] == "no-store", where


def test_row_35_an_unexpected_error_is_a_page_of_ours_that_says_nothing(app, signed_in, monkeypatch, caplog):
    def broken(**_arguments):
        raise RuntimeError("the secret of the house")

    broken.permission = app.view_functions["accounts.sign_in"].permission  # type: ignore[attr-defined]  # as our routes mark them
    monkeypatch.setitem(app.view_functions, "accounts.sign_in", broken)
    monkeypatch.setattr(app, "testing", False)
    answer = fetch(signed_in(None), "/sign-in")
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    (record,) = (each for each in caplog.records if each.message == "unexpected_error")
    assert vars(record)["refs"]["error"] == "RuntimeError", "but we are told"


@pytest.mark.parametrize("language", ["xx", "en'--", "../../etc", "<b>", "fr%00", "AR", "", "a" * 5000])
def test_an_unknown_language_is_ignored(signed_in, language):
    client = signed_in(None)
    answer = fetch(client, "/sign-in", query_string={"lang": language})
    assert answer.status_code == 200
    assert '<html lang="en"' in answer.text
    assert "Set-Cookie" not in answer.headers or "lang" not in str(client.get_cookie("fundapp"))
    assert '<html lang="fr"' in fetch(client, "/sign-in?lang=fr").text
    headers = {"Accept-Language": f"{language[:50]};q=x, , *;q=99, \x7f"}
    assert fetch(signed_in(None), "/sign-in", headers=headers).status_code == 200


MULTIPART = "multipart/form-data; boundary=edge"
URLENCODED = "application/x-www-form-urlencoded"


def multipart(fields: dict[str, bytes]) -> bytes:
    """Return the body of a form, made by hand so that nothing is kept in a temporary file."""
    part = b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(part % (name.encode(), value) for name, value in fields.items()) + b"--edge--\r\n"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MULTIPART, lambda: multipart({"email": b"x" * (8 * 1024 * 1024 + 1)})),
        (MULTIPART, lambda: multipart({f"field{number}": b"" for number in range(2001)})),
        (URLENCODED, lambda: b"email=" + b"x" * (4 * 1024 * 1024)),
        (URLENCODED, lambda: b"a=&" * 1_500_000),
    ],
    ids=["a field of 8 MB", "2001 parts", "4 MB urlencoded", "a million fields"],
)
def test_row_66_and_67_a_body_that_is_too_large_is_refused(signed_in, kind, body):
    assert fetch(signed_in(None), "/sign-in", "POST", data=body(), content_type=kind).status_code == 413


def test_row_66_a_file_too_large_for_us_is_refused_by_its_announced_length(app, signed_in):
    limit = app.config["MAX_CONTENT_LENGTH"]
    assert limit <= 32 * 1024 * 1024
    announced = {"CONTENT_LENGTH": str(limit + 1)}
    answer = fetch(signed_in(None), "/sign-in", "POST", data=b"", content_type=MULTIPART, environ_overrides=announced)
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", [MULTIPART, URLENCODED])
def test_row_66_a_body_of_unknown_length_is_read_up_to_the_limit_and_no_further(app, signed_in, kind):
    """As gunicorn passes on a chunked body."""

    class Endless:
        given = 0

        def readinto(self, buffer: bytearray) -> int:
            self.given += len(buffer)
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    endless = Endless()
    overrides = {"wsgi.input": endless, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = fetch(signed_in(None), "/sign-in", "POST", content_type=kind, environ_overrides=overrides)
    assert answer.status_code in (413, 422)
    assert 0 < endless.given <= app.config["MAX_CONTENT_LENGTH"] + 64 * 1024


def test_as_much_as_somebody_can_write_still_fits(signed_in):
    body = b"email=" + b"%E1%80%80" * 200_000
    answer = fetch(signed_in(None), "/sign-in", "POST", data=body, content_type=URLENCODED)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        '{"email": NaN}',
        '{"email": 1e400}',
        '{"email": "\\ud800"}',
        '{"email": "a@example.org", "email": "b@example.org"}',
        "[" * 100_000,
        "1" * 100_000,
        "{",
        "",
    ],
    ids=lambda body: body[:20],
)
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json; charset=utf-16"])
def test_row_52_json_is_no_form(signed_in, body, kind):
    assert fetch(signed_in(None), "/sign-in", "POST", data=body, content_type=kind).status_code == 400
