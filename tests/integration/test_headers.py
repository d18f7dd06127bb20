"""Every answer carries the headers that protect it, whatever the answer is (row 35)."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from fundapp.accounts.permissions import Role
from fundapp.core.storage import Storage

from ..attacks.world import make_round
from ..factories import make_call, make_staff

ON_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}

ASKED: dict[str, tuple[int, Callable[..., TestResponse]]] = {
    "a page": (200, lambda client, _slug: client.get("/")),
    "a page of one's own": (200, lambda client, _slug: client.get("/applications")),
    "another address": (302, lambda client, slug: client.post(f"/manage/{slug}/keeping", data={"reason": "A court."})),
    "a refused text": (400, lambda client, slug: client.post(f"/manage/{slug}/keeping", data={"reason": ""})),
    "a wrong query": (400, lambda client, _slug: client.get("/?q=\u00e9")),
    "no right": (403, lambda client, _slug: client.get("/admin/people")),
    "no such page": (404, lambda client, _slug: client.get("/no/such/page")),
    "no such object": (404, lambda client, _slug: client.get("/manage/no-such-call")),
    "no such method": (405, lambda client, _slug: client.delete("/")),
    "JSON": (400, lambda client, slug: client.post(f"/manage/{slug}/keeping", json={"reason": "A court."})),
    "a file of the site": (200, lambda client, _slug: client.get("/static/app.css")),
    "the health of the service": (200, lambda client, _slug: client.get("/health")),
}


@pytest.mark.parametrize("what", ASKED)
def test_every_answer_is_protected(app, signed_in, what):
    call = make_call()
    status, ask = ASKED[what]
    answer = ask(signed_in(make_staff(Role.MANAGER, call)), call.slug)
    answer.close()
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ON_ALL} == ON_ALL
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers, "without TLS it would mean nothing"
    if what == "a file of the site":
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    else:
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_unexpected_error_is_protected_too(app, signed_in, monkeypatch):
    world = make_round(app.extensions["storage"], "ours")
    monkeypatch.setattr(Storage, "open", lambda *_args, **_kwargs: 1 / 0)
    client = signed_in(world.people[Role.APPLICANT])
    monkeypatch.setattr(app, "testing", False)
    answer = client.get(f"/applications/{world.draft.id}/files/{world.papers[0].id}")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in ON_ALL} == ON_ALL
    assert answer.headers["Cache-Control"] == "no-store"


def test_over_tls_browsers_are_told_to_stay_there(app, signed_in):
    answer = signed_in(None).get("/", base_url="https://localhost/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_public_pages_may_be_kept_and_asked_for_again(app, signed_in):
    assert signed_in(None).get("/").headers["Cache-Control"] == "no-cache"
    assert signed_in(None).get("/sign-in").headers["Vary"] == "Cookie, Accept-Language, Accept-Encoding"
    assert signed_in(None).post("/sign-in", data={"email": "a@example.org"}).headers["Cache-Control"] == "no-store"


def test_a_page_whose_address_is_a_secret_is_not_kept(app, signed_in):
    assert signed_in(None).get("/link/no-such-token").headers["Cache-Control"] == "no-store"


def test_no_answer_says_what_it_runs_on(app, signed_in):
    for path in ("/", "/no/such/page", "/static/app.css", "/health"):
        with signed_in(None).get(path) as answer:
            assert not {"Server", "X-Powered-By"} & set(answer.headers.keys())


def test_signing_out_empties_the_browser(app, signed_in):
    client = signed_in(make_staff(Role.MANAGER))
    answer = client.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"
