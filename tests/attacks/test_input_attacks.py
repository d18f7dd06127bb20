"""Text, bytes and numbers that nobody types by hand, into every field, address and query. Rows: README.md."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Organisation
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, Attachment
from fundapp.core.db import db
from fundapp.core.routes import declared_by
from fundapp.core.web import FundApp

from ..factories import NOW, make_application, make_organisation
from ..sample_files import PDF
from .crawl import Page, PageForm, fetch, fetch_unparsed, forms_on, rules_for, rules_of, visit
from .hostile import BROKEN_BYTES, BROKEN_TEXTS
from .world import ROLES, Round, addresses, all_rows, changed_tables, everything_stored, make_round

WITHOUT_FIELDS = {Role.CHAIR, Role.FINANCE}
"""Roles whose own pages hold no field to type into, in a round that is decided."""
HUGE = "9" * 5000
"""More digits than Python turns into a number by itself."""


@pytest.fixture
def ours(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    return make_round(app.extensions["storage"], "Ours-Canary", decided=True)


def forms_of(app: FundApp, client: FlaskClient, role: Role | None, ours: Round) -> list[PageForm]:
    forms = {}
    for page in visit(app, client, role, ours.objects(), own=True):
        if page.is_html and page.answer.status_code == 200:
            forms.update({form.path: form for form in forms_on(page)})
    return list(forms.values())


def client_of(signed_in, ours: Round, role: Role | None) -> FlaskClient:
    client: FlaskClient = signed_in(ours.people[role] if role else None)
    return client


def only_asks(app: FundApp, path: str) -> bool:
    """Say whether a form only asks for what fits it, a list or a file, and keeps none of what was typed."""
    endpoint, _arguments = app.url_map.bind("").match(urlsplit(path).path, "POST")
    return declared_by(app.view_functions[endpoint]).limit in ("search", "export")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_56_58_59_and_60_broken_text_in_any_field_is_answered_and_never_stored(app, signed_in, ours, role):
    client = client_of(signed_in, ours, role)
    forms = forms_of(app, client, role, ours)
    assert any(form.free for form in forms) or role in WITHOUT_FIELDS
    for form in forms:
        for name in form.free:
            for text in BROKEN_TEXTS.values():
                answer = fetch(client, form.path, "POST", data=form.values | {name: text})
                refused = answer.status_code in (302, 400, 404, 409, 422)
                assert refused or only_asks(app, form.path), (form.path, name)
    db.session.rollback()
    stored = everything_stored()
    for kind, text in BROKEN_TEXTS.items():
        assert ascii(text)[1:-1] not in ascii(stored) or kind == "piled-up marks", kind


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_57_and_58_bytes_that_are_no_text_are_never_a_server_error(app, signed_in, ours, role):
    client = client_of(signed_in, ours, role)
    for form in forms_of(app, client, role, ours):
        for bad in BROKEN_BYTES.values():
            body = b"&".join([*(name.encode() + b"=" + bad for name in form.free), bad + b"=x"])
            answer = fetch(client, form.path, "POST", data=body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (form.path, bad)
    db.session.rollback()
    assert "\\x00" not in everything_stored()


QUERY_NAMES = (
    *("page", "search", "status", "lang", "next", "check", "sort", "category", "outcome", "seen", "nothing"),
    *("aside", "country", "language", "region", "source", "waiting", "sent_from", "sent_to", "reverse"),
)
HOSTILE_QUERIES = [*BROKEN_BYTES.values(), b"%27%22%3B--", b"-1", b"1e999", HUGE.encode(), "٣".encode()]


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_44_56_and_57_no_query_makes_a_page_fail_or_changes_anything(app, signed_in, ours, role):
    client = client_of(signed_in, ours, role)
    before = all_rows()
    for rule in rules_of(app, role, "GET"):
        path = addresses(app, rule, ours.objects())[0]
        plain = fetch(client, path).status_code
        for bad in HOSTILE_QUERIES:
            query = b"&".join(name.encode() + b"=" + bad for name in QUERY_NAMES) + b"&" + bad + b"=" + bad
            answer = fetch_unparsed(client, path, environ_overrides={"QUERY_STRING": query.decode("latin-1")})
            assert answer.status_code in (plain, 400, 404), (path, bad)
    assert not list(changed_tables(before))


HOSTILE_PARTS = ["\x00", "\u202e", "\udcff", "a" * 20_000, HUGE, "..", "'"]


@pytest.mark.parametrize("role", [None, *ROLES])
def test_row_56_and_57_no_address_makes_a_page_fail(app, signed_in, ours, role):
    """Each part of each address in turn is replaced by something that names nothing."""
    client = client_of(signed_in, ours, role)
    for rule in rules_of(app, role, "GET"):
        parts = addresses(app, rule, ours.objects())[0].split("/")
        for index in range(2, len(parts)) if rule.arguments else ():
            for bad in HOSTILE_PARTS:
                raw = bad.encode("utf-8", "surrogateescape").decode("latin-1")
                path = "/".join([*parts[:index], raw, *parts[index + 1 :]])
                answer = fetch_unparsed(client, "/", environ_overrides={"PATH_INFO": path})
                assert answer.status_code in (302, 308, 400, 403, 404, 405, 410), (rule.rule, index, bad[:9])


def test_row_45_wildcards_in_a_search_are_plain_characters(app, signed_in, ours):
    make_application(ours.call, organisation=make_organisation("100% land_rights \\ sample"), answers={})
    for number in range(3):
        make_application(ours.call, organisation=make_organisation(f"Another {number} sample"))
    client = signed_in(ours.people[Role.MANAGER])
    page = f"/manage/{ours.call.slug}/applications"
    for search in ("%", "_", "\\", "100%", "land_rights", "% land_rights \\"):
        text = fetch(client, page, "POST", data={"search": search}).text
        assert "100% land_rights" in text, search
        assert "Another" not in text, search
    assert "Another 1 sample" in fetch(client, page, "POST", data={"search": "ANOTHER 1"}).text


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.pdf",
        "..\\..\\boot.pdf",
        "/absolute/path.pdf",
        "C:\\windows\\x.pdf",
        "-rf.pdf",
        ".htaccess",
        "CON.pdf",
        "a" * 150 + ".pdf",
        "وثيقة المؤسسة.pdf",
        'quote" ; filename=other.exe.pdf',
        "semi;colon=1.pdf",
        "percent%00%0d%0a.pdf",
        "<svg onload=alert(1)>.pdf",
        "emoji 🧾.pdf",
    ],
    ids=ascii,
)
def test_row_76_a_file_name_is_kept_as_data_and_given_back(app, signed_in, clock, name):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary")
    client = signed_in(made.people[Role.APPLICANT])
    assert upload(app, client, made, name, PDF).status_code == 302
    attachment = db.session.scalars(select(Attachment).where(Attachment.application_id == made.draft.id)).one()
    assert attachment.filename == name.replace("\\", ""), "all but a backslash is kept"
    answer = fetch(client, f"/applications/{made.draft.id}/files/{attachment.id}")
    assert answer.data == PDF
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert "\n" not in disposition
    assert answer.mimetype == "application/pdf"


@pytest.mark.parametrize(
    "name", ["a\x00.pdf", "a\r\nX: y.pdf", "a\u202efdp.exe", "a" * 5000 + ".pdf"], ids=lambda n: ascii(n)[:16]
)
def test_row_47_59_and_76_a_broken_file_name_is_refused_and_the_text_is_kept(app, signed_in, clock, name):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary")
    client = signed_in(made.people[Role.APPLICANT])
    answer = upload(app, client, made, name, PDF, plan="A plan that must be kept")
    assert answer.status_code in (302, 400, 422)
    db.session.expire_all()
    files = list(db.session.scalars(select(Attachment).where(Attachment.application_id == made.draft.id)))
    assert all(attachment.filename != name for attachment in files)
    if answer.status_code == 302:
        assert db.session.get_one(Application, made.draft.id).answers["plan"] == "A plan that must be kept"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("page.pdf", b"<!doctype html><script>alert(1)</script>"),
        ("letter.eml", b"From: a@example.org\r\n\r\n<html>"),
        ("page.mht", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<script>"),
        ("movie.swf", b"FWS\x09\x00\x00"),
        ("data.xml", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"),
        ("program.exe", b"MZ\x90\x00"),
        ("script.sh", b"#!/bin/sh\n"),
        ("archive.zip", b"PK\x05\x06" + b"\x00" * 18),
        ("broken.docx", b"PK\x03\x04broken"),
        ("empty.pdf", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_72_files_that_could_act_are_refused_and_the_text_is_kept(app, signed_in, clock, name, data):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary")
    client = signed_in(made.people[Role.APPLICANT])
    answer = upload(app, client, made, name, data, plan="A plan that must be kept")
    assert answer.status_code == 302
    page = fetch(client, answer.location).text
    assert "field-error" in page
    (attachment,) = db.session.scalars(select(Attachment).where(Attachment.application_id == made.draft.id))
    assert attachment.filename == "Ours-Canary (sample).pdf", "the file from before is still there"
    assert db.session.get_one(Application, made.draft.id).answers["plan"] == "A plan that must be kept"


def upload(app: FundApp, client: FlaskClient, made: Round, name: str, data: bytes, **answers: str) -> Any:
    """Choose a file in the draft's second section, as a browser sends it."""
    path = f"/applications/{made.draft.id}/sections/2"
    (rule,) = (rule for rule in rules_for(app, Role.APPLICANT, "POST") if rule.endpoint == "applications.save_section")
    (form,) = forms_on(Page(rule, path, fetch(client, path)))
    fields = form.values | {f"q_{question}": text for question, text in answers.items()}
    quoted = name.replace('"', "%22").encode("utf-8", "surrogateescape")
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), str(value).encode())
        for key, value in fields.items()
    )
    body += b'--edge\r\nContent-Disposition: form-data; name="q_paper"; filename="%s"\r\n\r\n%s\r\n--edge--\r\n' % (
        quoted,
        data,
    )
    return fetch(client, path, "POST", data=body, content_type="multipart/form-data; boundary=edge")


def test_row_63_names_that_fold_to_one_have_one_key_and_no_access_to_each_other(app):
    def key(name: str) -> str:
        return make_organisation(name).name_key

    assert key("Straße der Rechte (sample)") == key("STRASSE  der rechte (SAMPLE)")
    assert key("Ｆull width (sample)") == key("Full Width (sample)")
    assert key("Işık (sample)") != key("Isik (sample)")
    assert key("Аdvocates (sample)") != key("Advocates (sample)")
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == 8


def test_row_64_a_text_of_two_hundred_thousand_characters_is_stored_whole_on_every_database(app, ours):
    text = "🧾க்ষি" * 40_000
    ours.draft.answers = {"plan": text}
    ours.draft.title = text
    db.session.commit()
    db.session.expire_all()
    assert db.session.get_one(Application, ours.draft.id).answers == {"plan": text}
