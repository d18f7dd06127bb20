"""The list of a call's applications: filters, order, search, and the table that is taken away."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from flask.testing import FlaskClient

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.application_table import COLUMNS
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import (
    Application,
    ApplicationSource,
    ApplicationStatus,
    Call,
    Clarification,
    FileStatus,
    Reopening,
    ReopeningKind,
)
from fundapp.applications.queries import managed_applications
from fundapp.applications.queries.likenesses import suspects
from fundapp.applications.queries.listed_answers import listed_questions
from fundapp.core.db import db
from fundapp.core.tables import read_table
from tests.attacks.world import all_rows, changed_tables
from tests.conftest import NOW, actor_of, counted_statements
from tests.factories import (
    FORM,
    make_application,
    make_attachment,
    make_call,
    make_organisation,
    make_person,
    make_protected,
    make_staff,
)

Client = Callable[[Person | None], FlaskClient]

LISTED = replace(
    FORM,
    questions=tuple(
        replace(question, in_lists=question.name in ("plan", "amount", "organisation")) for question in FORM.questions
    ),
)


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def shown(page: str, applications: list[Application]) -> list[str]:
    """Return the references of those applications that a page shows, in the order in which it does."""
    references = [str(application.reference) for application in applications]
    return sorted((each for each in references if f"<bdi>{each}</bdi>" in page), key=page.index)


def make_named(call: Call, *names: str, **values: Any) -> list[Application]:
    return [make_application(call, organisation=make_organisation(name), **values) for name in names]


def test_list_is_filtered_by_each_thing_and_by_all_together(signed_in: Client) -> None:
    call = make_call(categories=2)
    first, second = call.categories
    plain = make_application(call, categories=[first])
    other = make_application(
        call,
        categories=[second],
        language="fr",
        country="LB",
        source=ApplicationSource.IMPORT,
        answers={"region": "south"},
        submitted_at=NOW + timedelta(days=3),
    )
    client = signed_in(make_staff(Role.MANAGER))
    for name, of_plain, of_other in (
        ("category", first.code, second.code),
        ("language", "en", "fr"),
        ("country", "KE", "LB"),
        ("region", "north", "south"),
        ("source", "web", "import"),
        ("sent_to", "2020-09-14", None),
        ("sent_from", None, "2020-09-17"),
    ):
        for value, only in ((of_plain, plain), (of_other, other)):
            if value is not None:
                page = client.get(f"/manage/{call.slug}/applications", query_string={name: value}).text
                assert shown(page, [plain, other]) == [only.reference], (name, value)
    together = {
        "category": second.code,
        "language": "fr",
        "country": "LB",
        "source": "import",
        "sent_from": "2020-09-17",
    }
    page = client.get(f"/manage/{call.slug}/applications", query_string=together).text
    assert shown(page, [plain, other]) == [other.reference]
    page = client.get(f"/manage/{call.slug}/applications", query_string=together | {"language": "en"}).text
    assert "Nothing was found." in page


def test_last_day_counts_to_its_end_in_the_calls_time_zone(signed_in: Client) -> None:
    call = make_call(time_zone="Pacific/Auckland")  # twelve hours ahead: noon UTC is midnight there
    before = make_application(call, submitted_at=NOW - timedelta(seconds=1))
    after = make_application(call, submitted_at=NOW)
    client = signed_in(make_staff(Role.MANAGER))
    for name, only in (("sent_to", before), ("sent_from", after)):
        day = "2020-09-14" if name == "sent_to" else "2020-09-15"
        page = client.get(f"/manage/{call.slug}/applications", query_string={name: day}).text
        assert shown(page, [before, after]) == [only.reference]


def test_names_are_sorted_as_the_readers_language_does(signed_in: Client) -> None:
    call = make_call()
    zebra, eclair, oak, nandu, arabic = make_named(call, "Zebra", "Éclair", "Oak", "Ñandú", "الأمل")
    client = signed_in(make_staff(Role.MANAGER))

    def order(language: str, **query: str) -> list[str]:
        address = f"/manage/{call.slug}/applications"
        return shown(client.get(address, query_string={"sort": "name", "lang": language, **query}).text, every)

    every = [zebra, eclair, oak, nandu, arabic]
    in_order = [str(each.reference) for each in (eclair, nandu, oak, zebra, arabic)]
    assert order("en") == order("es") == in_order
    assert order("en", reverse="1") == in_order[::-1]
    assert order("ar") == [str(arabic.reference), *in_order[:4]]


@pytest.mark.parametrize("sort", ["title", "country", "requested", "status", "sent", "saved", "reference"])
def test_list_is_sorted_by_what_is_allowed(signed_in: Client, sort: str) -> None:
    call = make_call()
    first = make_application(
        call,
        answers={"title": "A walk"},
        country="AF",
        requested_minor=100,
        status=ApplicationStatus.SUBMITTED,
        submitted_at=NOW - timedelta(days=2),
        saved_at=NOW - timedelta(days=2),
        reference="GJF-S-9",
    )
    last = make_application(call, answers={"title": "Zeal"}, country="ZM", reference="GJF-S-10")
    client = signed_in(make_staff(Role.MANAGER))
    address = f"/manage/{call.slug}/applications"
    up = client.get(address, query_string={"sort": sort}).text
    down = client.get(address, query_string={"sort": sort, "reverse": "1"}).text
    assert shown(up, [first, last]) == ["GJF-S-9", "GJF-S-10"]
    assert shown(down, [first, last]) == ["GJF-S-10", "GJF-S-9"]


def test_drafts_are_counted_and_listed_and_nothing_in_them_is_told(signed_in: Client) -> None:
    call = make_call(form=LISTED)
    answers = {"title": "Secret title", "plan": "Secret plan", "region": "south"}
    make_application(
        call,
        status=ApplicationStatus.DRAFT,
        organisation=make_organisation("Secret name"),
        country="LB",
        answers=answers,
    )
    sent = make_application(call)
    client = signed_in(make_staff(Role.MANAGER))
    address = f"/manage/{call.slug}/applications"
    page = client.get(address, query_string={"status": "draft"}).text
    assert ">Draft <b>1</b>" in page
    assert "Saved:" in page
    assert not [text for text in ("Secret", "Lebanon", "south") if text in page]
    for sort in ("name", "title", "country"):
        assert "Secret" not in client.get(address, query_string={"status": "draft", "sort": sort}).text
    # What a draft says can't be found out by asking for it either.
    for name, value in (("country", "LB"), ("region", "south"), ("category", "x"), ("sent_to", "2030-01-01")):
        assert "Saved:" not in client.get(address, query_string={"status": "draft", name: value}).text
    assert "Saved:" not in client.post(address, data={"status": "draft", "search": "Secret"}).text
    assert shown(client.get(address).text, [sent]) == [sent.reference]


def test_answers_that_the_form_wants_in_lists_are_columns_and_are_searched(signed_in: Client) -> None:
    call = make_call(form=LISTED)
    radio = make_application(call, answers={"plan": "Broadcasts on RÁDIO in six villages"})
    walk = make_application(call, answers={"plan": "A walk"})
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(f"/manage/{call.slug}/applications").text
    assert "What will you do?" in page
    assert "Broadcasts on RÁDIO" in page
    page = client.post(f"/manage/{call.slug}/applications", data={"search": "rádio"}).text
    assert shown(page, [radio, walk]) == [radio.reference]


def test_what_was_sent_last_is_listed_and_not_what_is_being_written(signed_in: Client) -> None:
    call = make_call(form=LISTED)
    application = make_application(call, answers={"plan": "Sent plan"})
    application.answers = {**application.answers, "plan": "Half a plan"}
    db.session.commit()
    page = signed_in(make_staff(Role.MANAGER)).get(f"/manage/{call.slug}/applications").text
    assert "Sent plan" in page
    assert "Half a plan" not in page


def test_protected_application_is_found_by_reference_and_pseudonym_alone(signed_in: Client) -> None:
    call = make_call(form=LISTED)
    application = make_protected(
        make_application(
            call, organisation=make_organisation("Cedar women"), answers={"title": "Cedar title", "plan": "Cedar plan"}
        )
    )
    db.session.commit()
    pseudonym, reference = str(application.pseudonym), str(application.reference)
    client = signed_in(make_staff(Role.MANAGER))
    address = f"/manage/{call.slug}/applications"
    for search, is_found in ((pseudonym, True), (reference, True), ("Cedar", False), ("women", False)):
        page = client.post(address, data={"search": search}).text
        assert (f"<bdi>{reference}</bdi>" in page) is is_found, search
        assert "Cedar women" not in page
    table = client.post(f"{address}.csv").text
    assert pseudonym in table
    assert "Cedar" not in table


def test_table_holds_what_was_filtered_and_its_columns_are_stable(signed_in: Client) -> None:
    call = make_call(form=LISTED, categories=2)
    made = make_named(call, "=HYPERLINK(1)", "Éa", "Eb", language="fr", answers={"plan": "@SUM(1)"})
    make_application(call, language="en")
    client = signed_in(make_staff(Role.MANAGER))
    asked = {"language": "fr", "sort": "name"}
    response = client.post(f"/manage/{call.slug}/applications.csv", data=asked)
    assert response.headers["Content-Disposition"] == f"attachment; filename=applications-{call.slug}.csv"
    table = read_table(response.data, "a.csv")
    assert table.headers == [*COLUMNS, "answer.plan"]
    assert [row.cells["organisation"] for row in table.rows] == ["Éa", "Eb", "'=HYPERLINK(1)"]
    assert {row.cells["answer.plan"] for row in table.rows} == {"'@SUM(1)"}
    assert {row.cells["amount_requested"] for row in table.rows} == {"12000.00"}
    assert {row.cells["application_reference"] for row in table.rows} == {str(each.reference) for each in made}
    workbook = openpyxl.load_workbook(
        io.BytesIO(client.post(f"/manage/{call.slug}/applications.xlsx", data=asked).data)
    )
    cells = [[cell.value for cell in row] for row in workbook.active.iter_rows(min_row=2)]
    assert [row[5] for row in cells] == ["Éa", "Eb", "=HYPERLINK(1)"]
    assert {cell.data_type for row in workbook.active.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_table_and_filters_change_nothing_and_are_for_those_who_read_applications(signed_in: Client) -> None:
    call = make_call(form=LISTED)
    make_application(call)
    reader, chair = signed_in(make_staff(Role.AUDITOR)), signed_in(make_staff(Role.CHAIR, call))
    before = all_rows()
    for path in ("applications.csv", "applications.xlsx"):
        assert reader.post(f"/manage/{call.slug}/{path}").status_code == 200
        assert chair.post(f"/manage/{call.slug}/{path}").status_code == 403
    assert reader.post(f"/manage/{call.slug}/applications.exe").status_code == 404
    assert list(changed_tables(before)) == []


def test_filters_stay_from_page_to_page_also_in_a_search(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_applications, "PAGE_SIZE", 2)
    call = make_call()
    made = make_named(call, *(f"River {number}" for number in range(5)), language="fr")
    make_named(call, "River 9", language="en")
    client = signed_in(make_staff(Role.MANAGER))
    address = f"/manage/{call.slug}/applications"
    page = client.get(address, query_string={"language": "fr", "sort": "name"}).text
    assert f'{address}?page=2&amp;language=fr&amp;sort=name"' in page
    asked = {"language": "fr", "search": "river", "page": "3"}
    page = client.post(address, data=asked).text
    assert shown(page, made) == [made[4].reference]
    assert 'name="search" value="river"' in page
    assert 'name="language" value="fr"' in page
    # Without words to look for, the filters get an address that can be kept.
    response = client.post(address, data={"language": "fr", "search": ""})
    assert response.headers["Location"] == f"{address}?language=fr"


def test_what_may_be_there_twice_is_proposed_and_nothing_is_merged(signed_in: Client) -> None:
    call = make_call()
    first, again = make_named(call, "Collectif Espoir", "Соllectif  ESPOIR")  # the second begins with Cyrillic letters
    alone = make_application(call, answers={"title": "Quite another thing"})
    person = make_person()
    one, two = make_application(call, person=person), make_application(call, person=person)
    for each, title in ((first, "Land"), (again, "Water"), (one, "Work"), (two, "Health")):
        each.title = title
    db.session.commit()
    manager = make_staff(Role.MANAGER)
    found = suspects(actor=actor_of(manager), call=call)
    assert {each: set(others) for each, others in found.items()} == {
        first.id: {again.id},
        again.id: {first.id},
        one.id: {two.id},
        two.id: {one.id},
    }
    client = signed_in(manager)
    before = all_rows()
    page = client.get(f"/manage/{call.slug}/applications?waiting=twice").text
    everything = [first, again, one, two, alone]
    assert set(shown(page, everything)) == {str(each.reference) for each in everything[:4]}
    assert list(changed_tables(before)) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "name"},
        {"waiting": "twice"},
        {"status": "draft"},
        {"language": "en", "category": "cat1", "country": "KE", "region": "north", "sent_from": "2020-01-01"},
        {"search": "organisation"},
    ],
    ids=str,
)
def test_peers_38_and_39_statements_are_as_many_with_30_as_with_300_applications(
    signed_in: Client, query: dict[str, str]
) -> None:
    call = make_call(form=LISTED, categories=1)
    call_id, slug = call.id, call.slug
    client = signed_in(make_staff(Role.MANAGER))
    person_id = make_person().id  # one for all, which is quicker

    def grow(number: int) -> None:
        call = db.session.get_one(Call, call_id)
        for each in range(number):
            status = ApplicationStatus.DRAFT if each % 10 == 0 else ApplicationStatus.SUBMITTED
            make_application(call, person=db.session.get_one(Person, person_id), status=status)
        db.session.commit()
        db.session.expunge_all()

    def asked() -> tuple[int, int]:
        address = f"/manage/{slug}/applications"
        with counted_statements() as statements:
            answer = client.post(address, data=query) if "search" in query else client.get(address, query_string=query)
        db.session.expunge_all()
        assert answer.status_code == 200
        with counted_statements() as of_table:
            assert client.post(f"{address}.csv", data=query).status_code == 200
        db.session.expunge_all()
        return len(statements), len(of_table)

    grow(30)
    asked()
    few = asked()
    grow(270)
    assert asked() == few


def test_questions_in_lists_are_those_that_the_form_says() -> None:
    assert [each.name for each in listed_questions(LISTED)] == ["plan"]  # the other two have columns anyway
    assert listed_questions(FORM) == []
    assert LISTED.with_role(FormRole.TITLE) is not None
    assert FormDefinition.from_json(LISTED.to_json()) == LISTED


def test_what_needs_a_look_is_found(signed_in: Client, app: Any) -> None:
    call = make_call()
    kinds = ("answer", "papers", "scan", "infected", "returned")
    waits = {kind: make_application(call) for kind in kinds}
    done = {kind: make_application(call) for kind in kinds}
    for application, answered_at in ((waits["answer"], None), (done["answer"], NOW)):
        db.session.add(
            Clarification(
                application_id=application.id,
                number=1,
                question="Which villages?",
                for_reviewers=False,
                asked_at=NOW,
                answered_at=answered_at,
                answered_by_id=application.person_id if answered_at else None,
            )
        )
    for application, kind, closed_at in (
        (waits["papers"], ReopeningKind.PAPERS, None),
        (done["papers"], ReopeningKind.PAPERS, NOW),
        (done["answer"], ReopeningKind.CORRECTION, None),
    ):
        db.session.add(
            Reopening(
                application_id=application.id,
                number=1,
                kind=kind,
                questions=["plan"],
                message="Please send it.",
                opened_at=NOW,
                closes_at=NOW + timedelta(days=3),
                closed_at=closed_at,
            )
        )
    storage = app.extensions["storage"]
    make_attachment(storage, done["scan"], b"%PDF-1.7 c")
    for name, status in (("scan", FileStatus.PENDING), ("infected", FileStatus.INFECTED)):
        paper = make_attachment(storage, waits[name], b"%PDF-1.7 a")
        paper.status, paper.scanned_at = status, NOW
        paper.copy_stored_as = paper.copy_content_type = paper.copy_size_bytes = None
    waits["returned"].person.mail_returned_at = NOW
    db.session.commit()
    client = signed_in(make_staff(Role.MANAGER))
    everything = [*waits.values(), *done.values()]
    for name, application in waits.items():
        page = client.get(f"/manage/{call.slug}/applications", query_string={"waiting": name}).text
        assert shown(page, everything) == [application.reference], name
