"""Managers make, clone, announce, move and close calls on pages, by the same rules as packages."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import document_of, package_files, read_document, read_package, toml_of
from fundapp.applications.importing import load_call
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    CallStatus,
    DeadlineExtension,
    ProgrammeKind,
)
from fundapp.applications.queries.packages import package_of
from fundapp.applications.services import deadlines
from fundapp.applications.services.writing_calls import missing_in
from fundapp.applications.xlsform import write_form
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.samples import SAMPLES, folder
from tests.conftest import NOW, counted_statements
from tests.factories import CLOSES, make_application, make_call, make_person, make_staff

Client = Callable[[Person | None], FlaskClient]
ZONE = ZoneInfo("Africa/Nairobi")


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager(app: Any) -> Person:
    return make_staff(Role.MANAGER)


@pytest.fixture
def client(manager: Person, signed_in: Client) -> FlaskClient:
    return signed_in(manager)


def a_day(name: str, day: datetime, at: str = "09:00") -> dict[str, str]:
    parts = {"day": day.day, "month": day.month, "year": day.year}
    return {**{f"{name}-{part}": str(value) for part, value in parts.items()}, f"{name}.time": at}


def new_call(**values: str) -> dict[str, str]:
    return {
        "programme": "new",
        "programme.kind": "grant",
        "programme.title.en": "Village fund (sample)",
        "call.title.en": "Village fund 2020 (sample)",
        "call.slug": "village-2020",
        "call.reference_prefix": "VILLAGE-2020",
        "call.time_zone": "Africa/Nairobi",
        **a_day("call.opens", NOW + timedelta(days=7)),
        **a_day("call.closes", NOW + timedelta(days=30), "23:59"),
        "budget.currency": "KES",
        "budget.total": "2,500,000",
        **values,
    }


def the_call(slug: str = "village-2020") -> Call:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Call).filter_by(slug=slug)).one()


def seen(page: TestResponse) -> str:
    """Return what the main form of a page remembers."""
    found = re.search(r'<form method="post" novalidate[^>]*>.*?name="seen" value="(\w+)"', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


def write(client: FlaskClient, address: str, values: dict[str, Any]) -> TestResponse:
    """Open a page of settings, and send its form."""
    return client.post(address, data={"seen": seen(client.get(address)), **values})


def saved(response: TestResponse) -> str:
    assert response.status_code == 302, re.findall(r"problems-heading.*?</section>", response.text, re.DOTALL)
    return response.location


SETTINGS = "/manage/village-2020/settings"
SCALE = {
    "label.en": "Plan",
    "question.en": "Is the plan good?",
    "weight": "2",
    "minimum": "0",
    "maximum": "2",
    "step": "0.5",
    "comment": "extremes",
    "comment_question.en": "What would make it better?",
}
ABOUT = {
    "call.title.en": "Village fund 2020 (sample)",
    "call.purpose.en": "For paralegals in villages.\n\nCompanies cannot apply.",
    "programme.title.en": "Village fund (sample)",
}
LETTERS = {
    "letters.decided_by.en": "A panel of paralegals (sample)",
    "letters.purpose.en": "flexible support for your work",
    "letters.period_months": "12",
    "letters.next_step.en": "Write to us within 30 days.",
    "letters.paper": "a4",
    "letters.signatory.name": "Ada Sample",
    "letters.signatory.title.en": "Director",
}


def new_criterion(values: dict[str, str]) -> dict[str, str]:
    return {f"criteria.new.{key}": value for key, value in values.items()}


def make_whole_call(client: FlaskClient) -> Call:
    """Make a call on the pages, with all that it needs."""
    settings = "/manage/village-2020/settings"
    saved(client.post("/new-call", data=new_call()))
    saved(write(client, f"{settings}/about", ABOUT))
    saved(write(client, f"{settings}/letters", LETTERS))
    criterion = {"label.en": "Need", "question.en": "How much is it needed?", "weight": "1.5"}
    scale = {"minimum": "1", "maximum": "3"}
    values = {f"criteria.new.{key}": value for key, value in {**criterion, **scale}.items()}
    item = saved(write(client, f"{settings}/criteria/item", {"code": "need", **values}))
    words = {"anchors.1.en": "Hardly", "anchors.2.en": "", "anchors.3.en": "Very much"}
    saved(write(client, item, {f"criteria.need.{key}": value for key, value in (criterion | scale | words).items()}))
    form = replace(read_package(folder("gjf-2020")).form, languages=("en",))
    saved(send_form(client, "village-2020", write_form(form)))
    return the_call()


def send_form(client: FlaskClient, slug: str, data: bytes, name: str = "form.xlsx") -> TestResponse:
    file = {"file": (io.BytesIO(data), name)}
    return client.post(f"/manage/{slug}/form", data={"seen": seen(client.get(f"/manage/{slug}/form")), **file})


# -- Making ---------------------------------------------------------------------------------------------------------


def test_call_is_made_from_nothing_as_a_draft_that_nobody_else_sees(client: FlaskClient, signed_in: Client) -> None:
    settings = saved(client.post("/new-call", data=new_call()))

    assert settings == "/manage/village-2020/settings"
    call = the_call()
    assert (call.status, call.titles) == (CallStatus.DRAFT, {"en": "Village fund 2020 (sample)"})
    assert (call.budget_minor, call.currency) == (250_000_000, "KES")
    assert call.opens_at == (NOW + timedelta(days=7)).astimezone(ZONE).replace(hour=9, minute=0)
    assert call.programme.kind is ProgrammeKind.GRANT
    visitor = signed_in(None)
    assert "Village fund" not in visitor.get("/").text
    for address in ("/calls/village-2020", "/calls/village-2020/start"):
        assert visitor.get(address).status_code == 404
        assert client.get(address).status_code == 404
    assert "Draft: not announced yet" in client.get("/manage").text


def test_page_says_what_is_missing_and_where_it_is_written(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    page = client.get("/manage/village-2020/settings").text
    for address, words in [
        ("/settings/about", "Purpose (English): The text in this language is missing."),
        ("/settings/criteria", "A call needs at least one criterion."),
        ("/settings/letters", "Name of whoever signs: This is empty."),
        ("/form", "The form: The call has no form yet."),
    ]:
        assert f'<a href="/manage/village-2020{address}"><bdi>' in page
        assert words in page
    refused = client.post("/manage/village-2020/announce", data={"when": "now"})
    assert refused.status_code == 422
    assert "The call has no form yet." in refused.text
    assert the_call().status is CallStatus.DRAFT


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"call.slug": "Village 2020"}, "call.slug", "This is not written as it has to be"),
        ({"budget.currency": "US"}, "budget.currency", "US is not a currency code."),
        ({"budget.total": "a lot"}, "budget.total", "Write this in figures"),
        ({"call.time_zone": "Mars/Olympus"}, "call.time_zone", "This is not the name of a time zone"),
        ({"call.closes.time": "25:00"}, "call.closes.time", "Enter a time of day"),
        (a_day("call.closes", NOW + timedelta(days=2)), "call.closes-day", "The call closes before it opens."),
        ({"programme.kind": ""}, "programme.kind-0", "This is empty."),
        ({"call.title.en": ""}, "call.title.en", "A call has a name, if only in one language."),
        ({"programme": "", "call.slug": ""}, "call.slug", "This is empty."),
    ],
)
def test_what_cannot_be_is_named_beside_its_field_and_nothing_is_lost(
    client: FlaskClient, wrong: dict[str, str], field: str, words: str
) -> None:
    response = client.post("/new-call", data=new_call(**wrong))
    assert response.status_code == 422
    assert f'href="#{field}"' in response.text
    assert f'id="{field}"' in response.text
    assert words in response.text
    assert 'value="Village fund (sample)"' in response.text
    assert db.session.scalar(select(func.count()).select_from(Call)) == 0


def test_call_of_a_fund_that_is_known_in_more_languages_leaves_its_names_alone(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    programme = the_call().programme
    programme.titles = {**programme.titles, "fr": "Fonds (exemple)", "sw": "Mfuko (mfano)"}
    names = dict(programme.titles)
    db.session.commit()
    saved(
        client.post(
            "/new-call",
            data=new_call(programme="village-2020", **{"call.slug": "next", "call.reference_prefix": "NEXT"}),
        )
    )
    saved(write(client, "/manage/next/settings/about", {**ABOUT, "call.title.en": "Next"}))
    assert the_call("next").programme.titles == names
    saved(write(client, "/manage/next/settings/languages", {"call.languages": ["en", "fr"]}))
    saved(write(client, "/manage/next/settings/languages", {"call.languages": ["en"]}))
    assert the_call("next").programme.titles == names


def test_wrong_answers_are_told_once_and_by_the_names_of_fields(client: FlaskClient) -> None:
    wrong = {"call.slug": "Village 2020", "call.closes.time": "25:00", "programme.kind": ""}
    for typed in ({}, new_call(**wrong), new_call(**wrong, programme="")):
        refused = client.post("/new-call", data=typed)
        assert refused.status_code == 422
        assert "programme.slug" not in refused.text
    assert 'href="#call.slug"' in refused.text
    assert refused.text.count("Enter a time of day, such as 23:59.") == 2  # in the summary, and beside the field
    assert 'href="#programme-0"' in refused.text
    assert 'href="#programme.kind' not in refused.text, "what a new fund gives is not missing where none was chosen"
    new = client.post("/new-call", data=new_call(programme="new", **{"programme.kind": ""}))
    assert 'href="#programme.kind' in new.text


def test_peers_11_a_call_is_never_open_for_ever_because_a_deadline_is_empty(client: FlaskClient) -> None:
    none = {f"call.closes-{part}": "" for part in ("day", "month", "year")}
    response = client.post("/new-call", data=new_call(**none, **{"call.closes.time": ""}))
    assert response.status_code == 422
    assert 'href="#call.closes-day"' in response.text
    saved(client.post("/new-call", data=new_call()))
    dates = {"call.time_zone": "Africa/Nairobi", **a_day("call.opens", NOW), **none, "call.closes.time": ""}
    assert write(client, "/manage/village-2020/settings/dates", dates).status_code == 422
    assert the_call().closes_at is not None


@pytest.mark.parametrize(
    ("day", "at", "words"),
    [
        (datetime(2021, 3, 28, tzinfo=UTC), "02:30", "does not exist in Europe/Paris"),
        (datetime(2021, 10, 31, tzinfo=UTC), "02:30", "comes twice in Europe/Paris"),
    ],
)
def test_row_84_an_hour_that_clocks_skip_or_show_twice_is_refused_with_the_reason(
    client: FlaskClient, day: datetime, at: str, words: str
) -> None:
    where = {"call.time_zone": "Europe/Paris"}
    response = client.post("/new-call", data=new_call(**where, **a_day("call.closes", day, at)))
    assert response.status_code == 422
    assert words in response.text
    call = make_call(time_zone="Europe/Paris")
    moved = {"closes_on-day": day.day, "closes_on-month": day.month, "closes_on-year": day.year, "closes_time": at}
    response = client.post(f"/manage/{call.slug}/deadline", data={**moved, "reason_en": "Rain", "reason_fr": "Pluie"})
    assert response.status_code == 422
    assert words in response.text


def test_dates_are_shown_in_both_zones(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    page = client.get("/manage/village-2020/settings/dates").text
    assert "23:59" in page
    assert "20:59" in page
    assert "UTC" in page


def test_call_by_invitation_invites_somebody_before_it_is_announced(client: FlaskClient) -> None:
    make_whole_call(client)
    part = "/manage/village-2020/settings/entry"
    saved(write(client, part, {"call.invitation_only": "y"}))
    assert (
        "A call by invitation needs a list" in client.post("/manage/village-2020/announce", data={"when": "now"}).text
    )
    bad = (io.BytesIO(b"email,organisation\nnobody,A group\n"), "list.csv")
    refused = write(client, part, {"call.invitation_only": "y", "invitations": bad})
    assert refused.status_code == 422
    assert "list.csv, row 2, column email" in refused.text
    good = (io.BytesIO(b"email,organisation\na@b.org,A group (sample)\n"), "list.csv")
    saved(write(client, part, {"call.invitation_only": "y", "invitations": good}))
    assert [each.email for each in db.session.scalars(select(CallInvitation))] == ["a@b.org"]
    saved(client.post("/manage/village-2020/announce", data={"when": "now"}))


def test_nominations_and_barred_organisations_are_set_on_a_page(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    part = "/manage/village-2020/settings/entry"
    values = {
        **a_day("nominations.opens", NOW),
        **a_day("nominations.closes", NOW + timedelta(days=5)),
        "barred.names": "Our partner (sample)\n\nAnother partner (sample)",
        "barred.mail_domains": "@Partner.example",
    }
    saved(write(client, part, values))
    call = the_call()
    assert call.nominations_close_at is not None
    assert call.barred_names == ["Our partner (sample)", "Another partner (sample)"]
    assert call.barred_domains == ["partner.example"]
    empty = dict.fromkeys(values, "")
    saved(write(client, part, empty))
    call = the_call()
    assert (call.nominations_open_at, call.nominations_close_at, call.barred_names) == (None, None, [])


# -- Announcing -----------------------------------------------------------------------------------------------------


def test_whole_call_is_announced_and_read_by_everybody(client: FlaskClient, signed_in: Client) -> None:
    call = make_whole_call(client)
    assert missing_in(call) == []
    saved(client.post("/manage/village-2020/announce", data={"when": "now"}))
    assert the_call().opens_at == NOW
    page = signed_in(None).get("/calls/village-2020").text
    assert "Village fund 2020 (sample)" in page
    assert "Companies cannot apply." in page
    assert "/calls/village-2020/start" in page
    of_calls = select(AuditEntry.action).where(AuditEntry.action.startswith("call:")).order_by(AuditEntry.seq)
    actions = list(db.session.scalars(of_calls))
    assert actions == ["call:make", *["call:write"] * 5, "call:publish"]


def test_call_keeps_its_first_day_when_it_is_announced_before(client: FlaskClient, signed_in: Client) -> None:
    opens_at = make_whole_call(client).opens_at
    saved(client.post("/manage/village-2020/announce", data={"when": "planned"}))
    assert the_call().opens_at == opens_at > NOW
    assert "Opens soon" in signed_in(None).get("/calls/village-2020").text


def test_call_whose_deadline_has_passed_is_not_announced(client: FlaskClient) -> None:
    call = make_whole_call(client)
    call.opens_at, call.closes_at = NOW - timedelta(days=9), NOW - timedelta(days=1)
    db.session.commit()
    refused = client.post("/manage/village-2020/announce", data={"when": "now"})
    assert refused.status_code == 422
    assert "The deadline lies in the past." in refused.text
    assert the_call().status is CallStatus.DRAFT


def test_preview_shows_a_draft_to_its_managers_in_each_language_and_to_nobody_else(
    client: FlaskClient, signed_in: Client
) -> None:
    make_whole_call(client)
    page = client.get("/manage/village-2020/preview").text
    assert "This is a preview" in page
    assert "For paralegals in villages." in page
    assert "How much is it needed?" in page
    assert "Ceci est" not in page
    assert signed_in(None).get("/manage/village-2020/preview").status_code == 302
    other = make_call()
    assert signed_in(make_staff(Role.MANAGER, other)).get("/manage/village-2020/preview").status_code == 404


# -- Changing -------------------------------------------------------------------------------------------------------


def test_two_managers_at_once_lose_nothing_and_see_the_difference(
    client: FlaskClient, signed_in: Client, manager: Person
) -> None:
    saved(client.post("/new-call", data=new_call()))
    part = "/manage/village-2020/settings/about"
    both_saw = seen(client.get(part))
    colleague = signed_in(make_staff(Role.MANAGER))
    theirs = {**ABOUT, "call.purpose.en": "For paralegals in towns."}
    saved(colleague.post(part, data={"seen": both_saw, **theirs}))

    late = client.post(part, data={"seen": both_saw, **ABOUT})

    assert late.status_code == 409
    assert "Somebody else changed this in the meantime" in late.text
    assert "<del>towns.</del>" in late.text
    assert "Companies cannot apply." in re.findall(r"<textarea.*?</textarea>", late.text, re.DOTALL)[0]
    assert the_call().purposes == {"en": "For paralegals in towns."}
    saved(client.post(part, data={"seen": seen(late), **ABOUT}))
    assert the_call().purposes["en"].startswith("For paralegals in villages.")


def test_a_difference_is_told_in_the_words_of_the_page(client: FlaskClient, signed_in: Client) -> None:
    saved(client.post("/new-call", data=new_call()))
    part = "/manage/village-2020/settings/reviewers"
    both_saw = seen(client.get(part))
    colleague = signed_in(make_staff(Role.MANAGER))
    theirs = {"reviewers.see": "title", "reviewers.undone_reviews": "out", "reviewers.applicants": "y"}
    saved(colleague.post(part, data={"seen": both_saw, **theirs}))

    late = client.post(
        part, data={"seen": both_saw, "reviewers.see": "reference", "reviewers.undone_reviews": "nothing"}
    )

    assert late.status_code == 409
    told = re.findall(r'<dl class="facts">.*?</dl>', late.text, re.DOTALL)[0]
    words = " ".join(re.sub(r"<[^>]*>", " ", told).split())
    assert "who applies? The name, the country, the region and the title Only the reference: they read" in words
    assert "do not finish their reviews? Their own application can&#39;t get an award Nothing happens" in words
    assert "People who apply may be reviewers too Yes No" in words
    assert "their own organisation" not in words, "what both left alike is no difference"


def test_a_text_that_was_emptied_here_and_written_there_is_a_difference(client: FlaskClient, signed_in: Client) -> None:
    saved(client.post("/new-call", data=new_call()))
    item = saved(write(client, f"{SETTINGS}/criteria/item", {"code": "plan", **new_criterion(SCALE)}))
    both_saw = seen(client.get(item))
    colleague = signed_in(make_staff(Role.MANAGER))
    values = {f"criteria.plan.{key}": value for key, value in SCALE.items()}
    saved(colleague.post(item, data={"seen": both_saw, **values, "criteria.plan.comment_question.en": "Which risks?"}))
    late = client.post(item, data={"seen": both_saw, **values, "criteria.plan.comment_question.en": ""})
    assert late.status_code == 409
    assert "<del>Which risks?</del>" in late.text


def test_two_managers_on_two_parts_do_not_hinder_each_other(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    about, letters = (f"/manage/village-2020/settings/{part}" for part in ("about", "letters"))
    both_saw = seen(client.get(about))
    saved(write(client, letters, LETTERS))
    saved(client.post(about, data={"seen": both_saw, **ABOUT}))
    assert the_call().award_terms["signatory"]["name"] == "Ada Sample"


def test_criteria_are_added_ordered_and_taken_out_without_scripts(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    part = "/manage/village-2020/settings/criteria"
    for code in ("need", "plan"):
        new = {"label.en": code.title(), "weight": "1", "minimum": "1", "maximum": "5"}
        values = {f"criteria.new.{key}": value for key, value in new.items()}
        saved(write(client, f"{part}/item", {"code": code, **values}))
    assert [each.code for each in the_call().criteria] == ["need", "plan"]
    twice = write(client, f"{part}/item", {"code": "plan", **values})
    assert twice.status_code == 422
    assert "not in the list yet" in twice.text
    assert 'href="#code"' in twice.text
    assert re.search(r'id="code-error">.*?not in the list yet', twice.text, re.DOTALL)

    list_seen = re.findall(r'name="seen" value="(\w+)"', client.get(part).text)[0]
    saved(client.post(f"{part}/order", data={"code": "plan", "seen": list_seen}))
    assert [each.code for each in the_call().criteria] == ["plan", "need"]

    item = client.get(f"{part}/item?code=plan").text
    list_seen = re.findall(r'name="seen" value="(\w+)"', item)[-1]
    unsure = client.post(f"{part}/take-out", data={"code": "plan", "seen": list_seen})
    assert unsure.status_code == 422
    saved(client.post(f"{part}/take-out", data={"code": "plan", "seen": list_seen, "sure": "1"}))
    assert [each.code for each in the_call().criteria] == ["need"]


def test_another_language_is_asked_for_everywhere_and_what_is_untranslated_is_shown(client: FlaskClient) -> None:
    make_whole_call(client)
    settings = "/manage/village-2020/settings"
    saved(write(client, f"{settings}/languages", {"call.languages": ["en", "ar"], "call.languages.others": "sw"}))
    page = client.get(f"{settings}/about").text
    assert re.search(r'<input[^>]*id="call.title.ar"[^>]*>', page)
    field = re.findall(r'<textarea[^>]*id="call.purpose.ar"[^>]*>', page)[0]
    assert 'lang="ar"' in field
    assert 'dir="rtl"' in field
    assert "Not written in this language yet." in page
    missing = client.get(settings).text
    assert "Purpose (Arabic): The text in this language is missing." in missing
    assert "Criteria – Need – What step 1 means (Arabic)" in missing
    assert "The form has no labels in this language: Kiswahili (sw)." in missing


def test_language_with_texts_is_taken_out_once_they_are_emptied(client: FlaskClient) -> None:
    make_whole_call(client)
    settings = "/manage/village-2020/settings"
    saved(write(client, f"{settings}/languages", {"call.languages": ["en", "es"]}))
    saved(write(client, f"{settings}/about", {**ABOUT, "call.title.es": "Fondo", "call.purpose.es": "Para aldeas."}))
    refused = write(client, f"{settings}/languages", {"call.languages": ["en"]})
    assert refused.status_code == 422
    words = "The call has texts in Spanish. Empty them on the other pages first, then take the language out."
    assert refused.text.count(words) == 2  # in the summary, and beside the field
    assert 'href="#call.languages-0"' in refused.text
    assert "Fondo" not in refused.text
    assert "The call is not in this language." not in refused.text
    saved(write(client, f"{settings}/about", {**ABOUT, "call.title.es": "", "call.purpose.es": ""}))
    saved(write(client, f"{settings}/languages", {"call.languages": ["en"]}))
    assert the_call().languages == ["en"]


def test_code_that_is_no_language_is_named_where_it_was_typed(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    address = "/manage/village-2020/settings/languages"
    refused = write(client, address, {"call.languages": ["en"], "call.languages.others": "sw klingon"})
    assert refused.status_code == 422
    assert re.search(r'id="call.languages.others-error">.*?“klingon” is not the code', refused.text, re.DOTALL)
    assert 'value="sw klingon"' in refused.text


def test_announced_call_does_not_become_unready_and_keeps_its_dates(client: FlaskClient) -> None:
    make_whole_call(client)
    saved(client.post("/manage/village-2020/announce", data={"when": "now"}))
    settings = "/manage/village-2020/settings"
    refused = write(client, f"{settings}/about", {**ABOUT, "call.purpose.en": ""})
    assert refused.status_code == 422
    assert 'href="#call.purpose.en"' in refused.text
    refused = write(client, f"{settings}/languages", {"call.languages": ["en", "fr"]})
    assert refused.status_code == 422
    assert the_call().languages == ["en"]
    assert "so its dates stand fast" in client.get(f"{settings}/dates").text
    dates = {"call.time_zone": "UTC", **a_day("call.opens", NOW), **a_day("call.closes", NOW + timedelta(days=300))}
    assert client.post(f"{settings}/dates", data={"seen": "x", **dates}).status_code == 404
    saved(write(client, f"{settings}/about", {**ABOUT, "call.title.en": "Better words (sample)"}))
    assert the_call().titles == {"en": "Better words (sample)"}


def test_what_people_rely_on_cannot_change_on_pages_either(client: FlaskClient) -> None:
    call = make_call()
    make_application(call, status=ApplicationStatus.SUBMITTED)
    db.session.commit()
    money = {"budget.currency": "EUR", "budget.total": "100000", "budget.ceiling": "20000"}
    refused = write(client, f"/manage/{call.slug}/settings/money", money)
    assert refused.status_code == 422
    assert "Applications were sent; the currency cannot change." in refused.text
    assert the_call(call.slug).currency == "USD"


def test_only_managers_write_calls_and_only_managers_of_every_call_make_them(signed_in: Client) -> None:
    call = make_call()
    own = signed_in(make_staff(Role.MANAGER, call))
    assert own.get(f"/manage/{call.slug}/settings").status_code == 200
    assert own.get("/new-call").status_code == 403
    assert own.post("/new-call", data=new_call()).status_code == 403
    assert own.post(f"/manage/{call.slug}/clone", data=new_call()).status_code == 403
    auditor = signed_in(make_staff(Role.AUDITOR))
    for address in ("settings", "settings/about", "announce", "close", "package", "form", "clone"):
        assert auditor.get(f"/manage/{call.slug}/{address}").status_code == 403
    assert auditor.get(f"/manage/{call.slug}/roles").status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Call)) == 1


def test_people_of_a_call_stand_on_one_page_with_what_they_hold(client: FlaskClient) -> None:
    call, other = make_call(), make_call()
    make_staff(Role.RATIFIER, call, name="Rana Sample")
    make_staff(Role.RATIFIER, other, name="Elsewhere Sample")
    db.session.commit()
    page = client.get(f"/manage/{call.slug}/roles").text
    assert "Rana Sample" in page
    assert "Elsewhere Sample" not in page
    assert "Nobody yet" in page


# -- The form -------------------------------------------------------------------------------------------------------


def test_form_with_problems_is_not_taken_and_each_problem_has_its_place(client: FlaskClient) -> None:
    make_whole_call(client)
    before = package_of(the_call()).form.fingerprint
    broken = "| survey |\n| | type | name | label::en |\n| | txet | a | A |\n| | text | b | B |\n| | integr | c | C |\n"
    response = send_form(client, "village-2020", broken.encode(), "form.md")
    assert response.status_code == 422
    for row in (2, 4):
        assert f"survey row {row}, column type" in response.text
    assert "Nothing was replaced." in response.text
    assert package_of(the_call()).form.fingerprint == before


def test_form_is_downloaded_and_loads_again_unchanged(client: FlaskClient) -> None:
    call = make_whole_call(client)
    before, versions = package_of(call).form.fingerprint, len(call.form_versions)
    file = client.get("/manage/village-2020/form.xlsx")
    saved(send_form(client, "village-2020", file.data))
    call = the_call()
    assert (package_of(call).form.fingerprint, len(call.form_versions)) == (before, versions)


def test_form_replaced_by_two_at_once_is_replaced_once(client: FlaskClient) -> None:
    make_whole_call(client)
    old = seen(client.get("/manage/village-2020/form"))
    form = package_of(the_call()).form
    first, second = (
        write_form(replace(form, questions=(replace(form.questions[0], label={"en": label}), *form.questions[1:])))
        for label in ("First", "Second")
    )
    saved(client.post("/manage/village-2020/form", data={"seen": old, "file": (io.BytesIO(first), "a.xlsx")}))
    late = client.post("/manage/village-2020/form", data={"seen": old, "file": (io.BytesIO(second), "b.xlsx")})
    assert late.status_code == 409
    assert package_of(the_call()).form.questions[0].label == {"en": "First"}


# -- How reviewers read ----------------------------------------------------------------------------------------------


def chosen(page: str, name: str) -> str:
    """Return which of the radio buttons of that name is chosen."""
    found = [tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag and " checked" in tag]
    return "".join(re.findall(r'value="([^"]*)"', " ".join(found)))


def test_scale_steps_and_needed_comments_of_a_criterion_are_set_on_its_page(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    item = saved(write(client, f"{SETTINGS}/criteria/item", {"code": "plan", **new_criterion(SCALE)}))
    criterion = package_of(the_call()).criteria[0]
    assert [criterion.minimum, criterion.maximum, criterion.step] == [Decimal(0), Decimal(2), Decimal("0.5")]
    assert criterion.comment_needed == "extremes"
    assert criterion.comment_questions == {"en": "What would make it better?"}
    page = client.get(item).text
    assert chosen(page, "criteria.plan.comment") == "extremes"
    for step in ("0", "0_5", "1", "1_5", "2"):
        assert f'name="criteria.plan.anchors.{step}.en"' in page


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"step": "0.3"}, "step", "Steps of this size do not lead"),
        ({"step": "half"}, "step", "number"),
        ({"maximum": "0"}, "maximum", "The scale ends above where it starts."),
        ({"weight": "heavy"}, "weight", "number"),
        ({"comment": "sometimes"}, "comment-0", "Not a valid choice"),
    ],
)
def test_wrong_scale_is_named_beside_its_field_and_nothing_typed_is_lost(
    client: FlaskClient, wrong: dict[str, str], field: str, words: str
) -> None:
    saved(client.post("/new-call", data=new_call()))
    typed_here = {"code": "plan", **new_criterion(SCALE | wrong)}
    refused = write(client, f"{SETTINGS}/criteria/item", typed_here)
    assert refused.status_code == 422
    assert f'href="#criteria.new.{field}"' in refused.text
    said = re.findall(rf'id="criteria\.new\.{field.removesuffix("-0")}-error">(.*?)</p>', refused.text, re.DOTALL)
    assert words in "".join(said)
    for name, typed in (SCALE | wrong).items():
        if name == "comment":
            assert chosen(refused.text, "criteria.new.comment") in (typed, "")
        elif name == "question.en":
            assert typed in refused.text
        else:
            assert re.search(rf'name="criteria\.new\.{re.escape(name)}"[^>]*value="{re.escape(typed)}"', refused.text)
    assert 'value="plan"' in refused.text
    assert the_call().criteria == []


def test_what_reviewers_see_and_who_reviews_is_set_on_a_page_and_stays_when_it_cannot_be(client: FlaskClient) -> None:
    saved(client.post("/new-call", data=new_call()))
    part, values = f"{SETTINGS}/reviewers", {"reviewers.see": "reference", "reviewers.undone_reviews": "last"}
    switches = {"reviewers.impartial": "y", "reviewers.bar_own_organisation": "y"}
    refused = write(client, part, {**values, **switches, "reviewers.undone_reviews": "perhaps"})
    assert refused.status_code == 422
    assert 'href="#reviewers.undone_reviews-0"' in refused.text
    assert chosen(refused.text, "reviewers.see") == "reference"
    assert chosen(refused.text, "reviewers.impartial") == "y"
    assert not the_call().is_impartial

    saved(write(client, part, {**values, **switches}))
    call = the_call()
    assert (call.is_impartial, call.applicants_review, call.bars_reviewers_organisation) == (True, True, True)
    assert (call.reviewers_see.value, call.undone_reviews.value) == ("reference", "last")
    page = client.get(part).text
    assert (chosen(page, "reviewers.see"), chosen(page, "reviewers.undone_reviews")) == ("reference", "last")

    stage = {"title.en": "Finalists", "kind": "review", "reviews": "2", "minutes": "30", "confidence": "y"}
    typed = {f"stages.new.{key}": value for key, value in stage.items()}
    two = write(client, f"{SETTINGS}/stages/item", {"code": "finalists", **typed})
    assert two.status_code == 422
    assert "the review has one stage" in two.text
    assert 'value="Finalists"' in two.text
    saved(write(client, part, values))
    assert not the_call().is_impartial
    saved(write(client, f"{SETTINGS}/stages/item", {"code": "finalists", **typed}))
    last = the_call().deciding_stage
    assert (last.code, last.reviews_per_entry, last.review_minutes, last.asks_confidence) == ("finalists", 2, 30, True)


def test_settings_of_the_review_are_taken_out_and_load_again_unchanged(client: FlaskClient, tmp_path: Path) -> None:
    make_whole_call(client)
    item = saved(write(client, f"{SETTINGS}/criteria/item", {"code": "plan", **new_criterion(SCALE)}))
    words = {f"anchors.{step}.en": f"Step {step}" for step in ("0", "0_5", "1", "1_5", "2")}
    saved(write(client, item, {f"criteria.plan.{key}": value for key, value in (SCALE | words).items()}))
    switches = {"reviewers.impartial": "y", "reviewers.see": "title", "reviewers.undone_reviews": "out"}
    saved(write(client, f"{SETTINGS}/reviewers", switches))
    saved(client.post("/manage/village-2020/announce", data={"when": "now"}))
    package = package_of(the_call())
    assert package.criteria[1].anchors["0.5"] == {"en": "Step 0_5"}
    assert (package.is_impartial, package.reviewers_see.value, package.undone_reviews.value) == (True, "title", "out")
    assert_loads_again_unchanged(the_call(), tmp_path, with_invitations=False)


# -- Cloning and packages -------------------------------------------------------------------------------------------


def test_clone_takes_texts_form_and_criteria_along_and_nothing_of_applicants(client: FlaskClient) -> None:
    package = read_package(folder("gjf-2020"))
    call = load_call(package=package, actor=system_actor(), now=NOW).call
    make_application(call, status=ApplicationStatus.SUBMITTED, reference="GJF-2020-0001")
    call.last_reference = 1
    db.session.commit()
    values = {
        **{f"call.title.{code}": f"Second round, {code} (sample)" for code in package.languages},
        "call.slug": "gjf-2021",
        "call.reference_prefix": "GJF-2021",
        **a_day("call.opens", NOW + timedelta(days=300)),
        **a_day("call.closes", NOW + timedelta(days=330), "23:59"),
    }
    assert client.post("/manage/gjf-2020/clone", data={**values, "call.slug": "gjf-2020"}).status_code == 422
    saved(client.post("/manage/gjf-2020/clone", data=values))

    made = the_call("gjf-2021")
    assert (made.status, made.last_reference, made.committed_minor) == (CallStatus.DRAFT, 0, 0)
    assert made.programme_id == the_call("gjf-2020").programme_id
    assert package_of(made).form == package.form
    assert package_of(made).criteria == package.criteria
    assert made.purposes == dict(package.purposes)
    for model in (Application, CallInvitation, DeadlineExtension):
        assert not list(db.session.scalars(select(model).filter_by(call_id=made.id)))


def assert_loads_again_unchanged(call: Call, where: Path, *, with_invitations: bool) -> None:
    """Take a call out as files, and load them: nothing may change, on the same site or on one without it."""
    files = package_files(package_of(call, with_invitations=with_invitations), with_invitations=with_invitations)
    for name, data in files.items():
        (where / name).write_bytes(data)
    again = read_package(where)
    expected = replace(package_of(call, with_invitations=with_invitations), sha256=again.sha256)
    assert replace(again, warnings=()) == expected
    entries = db.session.scalar(select(func.count()).select_from(AuditEntry))
    assert load_call(package=again, actor=system_actor(), now=NOW).changes == []
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == entries


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_that_is_taken_out_loads_again_unchanged(app: Any, name: str, tmp_path: Path) -> None:
    call = load_call(package=read_package(folder(name)), actor=system_actor(), now=NOW).call
    db.session.commit()
    assert_loads_again_unchanged(call, tmp_path, with_invitations=call.invitation_only)


def test_call_made_on_pages_is_taken_out_and_loads_again_unchanged(client: FlaskClient, tmp_path: Path) -> None:
    make_whole_call(client)
    saved(client.post("/manage/village-2020/announce", data={"when": "now"}))
    moved = {**a_day("closes_on", CLOSES + timedelta(days=30)), "closes_time": "12:00", "reason_en": "Floods."}
    saved(client.post("/manage/village-2020/deadline", data=moved))
    early = {"when": "later", **a_day("closes_on", CLOSES), "closes_time": "12:00", "reason_en": "All is given."}
    saved(client.post("/manage/village-2020/close", data=early))
    assert [each.closes_at < each.closed_at_before for each in the_call().extensions] == [False, True]
    assert_loads_again_unchanged(the_call(), tmp_path, with_invitations=False)


def test_hour_that_comes_twice_is_written_with_its_offset_and_read_back(app: Any) -> None:
    twice = datetime(2021, 10, 31, 1, 30, tzinfo=UTC)
    package = replace(package_of(make_call(time_zone="Europe/Paris")), closes_at=twice)
    document = document_of(package)
    assert "2021-10-31 02:30:00+01:00" in toml_of(document)
    assert read_document(document, form=package.form, invitations=None, papers={}).package.closes_at == twice


def test_package_without_asking_holds_no_address_and_asking_is_recorded(client: FlaskClient) -> None:
    load_call(package=read_package(folder("gjf-2020")), actor=system_actor(), now=NOW)
    db.session.commit()
    address = db.session.scalars(select(CallInvitation)).first()
    assert address is not None

    def contents(**asked: str) -> dict[str, bytes]:
        response = client.post("/manage/gjf-2020/package", data=asked)
        with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def recorded() -> int | None:
        found = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "call:take_out")
        return db.session.scalar(found)

    plain = contents()
    assert sorted(plain) == ["gjf-2020/call.toml", "gjf-2020/form.xlsx"]
    assert not any(address.email.encode() in data for data in plain.values())
    assert recorded() == 0
    assert address.email.encode() in contents(invitations="1")["gjf-2020/invitations.csv"]
    assert recorded() == 1


# -- Deadlines ------------------------------------------------------------------------------------------------------


def extension(call: Call) -> dict[str, str]:
    later = call.closes_at + timedelta(days=7)
    return {**a_day("closes_on", later), "closes_time": "12:00", "reason_en": "Floods.", "reason_fr": "Inondations."}


def mails(template: str = "deadline_moved") -> list[str]:
    return sorted(each.to_address for each in db.session.scalars(select(MailMessage).filter_by(template=template)))


def test_extension_needs_a_reason_in_every_language(client: FlaskClient) -> None:
    call = make_call()
    db.session.commit()
    refused = client.post(f"/manage/{call.slug}/deadline", data={**extension(call), "reason_fr": ""})
    assert refused.status_code == 422
    assert 'href="#reason_fr"' in refused.text
    assert the_call(call.slug).closes_at == CLOSES


@pytest.mark.parametrize("at_once", [1, 50])
def test_row_85_extension_is_recorded_counts_for_drafts_and_those_who_write_are_told(
    client: FlaskClient, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", at_once)
    call = make_call()
    drafts = [make_application(call, status=ApplicationStatus.DRAFT) for _ in range(3)]
    sent = make_application(call, status=ApplicationStatus.SUBMITTED)
    make_application(make_call(), status=ApplicationStatus.DRAFT)
    emails = sorted(draft.person.email for draft in drafts)
    db.session.commit()
    saved(client.post(f"/manage/{call.slug}/deadline", data=extension(call)))
    run_jobs()
    assert mails() == emails
    assert sent.person.email not in mails()
    (moved,) = the_call(call.slug).extensions
    assert moved.told_at is not None
    assert drafts[0].deadline == moved.closes_at > CLOSES
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "call:extend")).one()
    assert (entry.data["from"], entry.data["to"]) == (CLOSES.isoformat(), moved.closes_at.isoformat())
    assert "Whoever had a draft was told by mail." in client.get(f"/manage/{call.slug}/deadline").text


def test_those_who_have_sent_are_told_when_that_is_asked_for(client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    call = make_call()
    both = [make_application(call, status=status) for status in (ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED)]
    emails = sorted(each.person.email for each in both)
    db.session.commit()
    saved(client.post(f"/manage/{call.slug}/deadline", data={**extension(call), "tells_senders": "y"}))
    run_jobs()
    run_jobs()
    assert mails() == emails


def test_call_is_closed_early_with_its_reason_and_drafts_are_kept(
    client: FlaskClient, signed_in: Client, run_jobs: Callable[[], int]
) -> None:
    call = make_call()
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    email = draft.person.email
    db.session.commit()
    reasons = {"reason_en": "All money is promised.", "reason_fr": "Tout est promis."}
    saved(client.post(f"/manage/{call.slug}/close", data={"when": "now", **reasons}))
    run_jobs()
    assert mails() == [email]
    assert the_call(call.slug).closes_at == NOW
    assert db.session.get_one(Application, draft.id).answers["plan"]
    page = signed_in(None).get(f"/calls/{call.slug}").text
    assert "The deadline was moved to an earlier time" in page
    assert "All money is promised." in page
    again = client.post(f"/manage/{call.slug}/close", data={"when": "now", **reasons})
    assert again.status_code == 422


@pytest.mark.parametrize("days", [-20, 20])
def test_early_end_lies_between_now_and_the_deadline(client: FlaskClient, days: int) -> None:
    call = make_call()
    db.session.commit()
    reasons = {"reason_en": "All money is promised.", "reason_fr": "Tout est promis."}
    when = {"when": "later", **a_day("closes_on", NOW + timedelta(days=days)), "closes_time": "12:00"}
    response = client.post(f"/manage/{call.slug}/close", data={**when, **reasons})
    assert response.status_code == 422
    assert 'href="#closes_on-day"' in response.text
    assert the_call(call.slug).closes_at == CLOSES


def test_page_of_settings_takes_the_same_number_of_statements_with_few_and_many_criteria(client: FlaskClient) -> None:
    small, large = make_call(), make_call()
    first = large.criteria[0]
    for number in range(20):
        values = {"labels": first.labels, "questions": first.questions, "anchors": first.anchors}
        scale = {"weight": 1, "minimum": 1, "maximum": 5}
        criterion = type(first)(code=f"more-{number}", stage=first.stage, position=number + 3, **scale, **values)
        large.criteria.append(criterion)
    db.session.commit()
    slugs = [small.slug, large.slug]
    numbers = []
    for slug in slugs:
        client.get(f"/manage/{slug}/settings/criteria")
        db.session.expunge_all()
        with counted_statements() as statements:
            assert client.get(f"/manage/{slug}/settings/criteria").status_code == 200
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_deadline_of_somebody_elses_call_is_not_moved(signed_in: Client) -> None:
    call, other = make_call(), make_call()
    client = signed_in(make_staff(Role.MANAGER, other))
    for address in ("deadline", "close", "announce", "settings", "settings/about", "form", "package", "preview"):
        assert client.get(f"/manage/{call.slug}/{address}").status_code == 404
    assert client.post(f"/manage/{call.slug}/deadline", data=extension(call)).status_code == 404
    assert client.post(f"/manage/{call.slug}/close", data={"when": "now"}).status_code == 404
    assert the_call(call.slug).closes_at == CLOSES


def test_person_of_a_draft_is_not_told_anything_by_name(
    client: FlaskClient, run_jobs: Callable[[], int], mail_dir: Path
) -> None:
    call = make_call(titles={"en": "Secret support (sample)", "fr": "Soutien secret (exemple)"})
    make_application(call, person=make_person("Amina Sample"), status=ApplicationStatus.DRAFT)
    db.session.commit()
    saved(client.post(f"/manage/{call.slug}/deadline", data=extension(call)))
    run_jobs()
    (mail,) = [each.read_text() for each in mail_dir.iterdir()]
    assert "A date has changed" in mail
    for secret in ("Secret support", "Amina", "Floods"):
        assert secret not in mail
