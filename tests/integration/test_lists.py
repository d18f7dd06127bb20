"""Every list of a call is filtered, sorted, searched, paged and taken away in one way, however many rows it has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    ConflictOfInterest,
    ConflictSource,
    Enquiry,
    EnquiryCause,
    ImportFailure,
    Nomination,
    Nominee,
    TableImport,
)
from fundapp.applications.queries import managed_applications
from fundapp.core import listing
from fundapp.core.db import db
from fundapp.core.tables import read_table
from fundapp.core.web import FundApp
from fundapp.disbursement.models import AwardOffer, Letter, LetterKind, LetterStatus, Report
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.report_rules import ReportStatus
from fundapp.review.models import SlateStatus
from tests.attacks.world import make_report_form
from tests.conftest import NOW, counted_statements
from tests.factories import (
    make_application,
    make_call,
    make_organisation,
    make_person,
    make_slate,
    make_staff,
)
from tests.funding import make_award

Client = Callable[[Person | None], FlaskClient]
SECRET = "Nobody Told (sample)"
"""Stands in every field that no list gives away."""


def nominee(call: Call, _person: Person, number: int, name: str) -> None:
    made = Nominee(call_id=call.id, created_at=NOW + timedelta(minutes=number))
    db.session.add(made)
    db.session.flush()
    for time in range(1 + number % 2):
        db.session.add(
            Nomination(
                nominee_id=made.id, name=name, contact=f"n{number}@example.org", why="Brave.", may_be_named=False,
                nominator_name=SECRET, nominator_contact=SECRET, made_at=NOW + timedelta(minutes=number, hours=time),
            )
        )  # fmt: skip


def enquiry(call: Call, person: Person, number: int, name: str) -> None:
    is_answered = number % 2 == 0
    made = Enquiry(
        call_id=call.id, cause=list(EnquiryCause)[number % 3], questions=[], text=f"{name} asks", email=SECRET,
        language="en", token_hash=f"{call.id}{number}", asked_at=NOW + timedelta(minutes=number),
        answered_at=NOW + timedelta(days=1) if is_answered else None,
        answered_by_id=person.id if is_answered else None, answer="Yes." if is_answered else "",
    )  # fmt: skip
    db.session.add(made)


def invitation(call: Call, _person: Person, number: int, name: str) -> None:
    sent = NOW + timedelta(minutes=number) if number % 2 else None
    made = CallInvitation(call_id=call.id, created_at=NOW + timedelta(minutes=number), link_sent_at=sent)
    made.email, made.organisation_name = f"i{number}@example.org", name
    db.session.add(made)


def table(call: Call, person: Person, number: int, name: str) -> None:
    made = TableImport(
        call_id=call.id, begun_by_id=person.id, begun_at=NOW + timedelta(minutes=number), touched_at=NOW,
        finished_at=NOW, takes=True, as_drafts=False, sha256="", rows=number, rows_done=0,
        failure=ImportFailure.WRONG if number % 2 else None,
    )  # fmt: skip
    made.filename, made.columns = name, SECRET
    db.session.add(made)


def letter(call: Call, person: Person, number: int, name: str) -> None:
    application = application_of(call, person, number, name)
    made = Letter(
        call_id=call.id, kind=LetterKind.INELIGIBLE, application_id=application.id, person_id=person.id,
        reference=application.reference, language="en", queued_at=NOW,
        status=LetterStatus.FAILED if number % 2 else LetterStatus.QUEUED,
        failure="missing: title" if number % 2 else "",
    )  # fmt: skip
    db.session.add(made)


def award(call: Call, person: Person, number: int, name: str) -> None:
    asking = make_application(call, person=person, organisation=make_organisation(name))
    given = make_award(call, 1_000, asking)
    if number % 2:
        refused = {"status": OfferStatus.REFUSED, "settled_at": NOW, "settled_by_id": person.id}
        application_id = given.decision.entry.application_id
        db.session.add(AwardOffer(award_id=given.id, application_id=application_id, **refused))


def report(call: Call, person: Person, number: int, name: str) -> None:
    asking = make_application(call, person=person, organisation=make_organisation(name))
    made = Report(
        award_id=make_award(call, 1_000, asking).id, application_id=asking.id, number=1, due_on=NOW.date(),
        form=make_report_form(call.id), asked_at=NOW,
    )  # fmt: skip
    if number % 2:
        made.status, made.waived_at, made.waived_by_id = ReportStatus.WAIVED, NOW, person.id
    db.session.add(made)


def application_of(call: Call, person: Person, _number: int, name: str) -> Application:
    return make_application(
        call, person=person, organisation=make_organisation(name), status=ApplicationStatus.INELIGIBLE
    )


def application(call: Call, person: Person, number: int, name: str) -> None:
    application_of(call, person, number, name)


@dataclass(frozen=True)
class Listed:
    """A list: its page, how a row is made, where it is searched, its order by name, and one filter of odd rows."""

    path: str
    make: Callable[[Call, Person, int, str], Any]
    search: str
    odd: dict[str, str]
    by_name: dict[str, str]
    name_column: str = ""


LISTS = {
    each.path: each
    for each in (
        Listed("nominations", nominee, "nominations", {"times": "more"}, {"sort": "name"}, "name"),
        Listed("questions", enquiry, "questions", {"state": "open"}, {"sort": "asked"}),
        Listed("invitations", invitation, "invitations/search", {"state": "mailed"}, {"sort": "name"}, "organisation"),
        Listed("imports", table, "imports", {"state": "stopped"}, {"sort": "name"}, "file"),
        Listed("letters", letter, "letters", {"status": "failed"}, {"sort": "name"}, "organisation"),
        Listed("awards", award, "awards", {"standing": "refused"}, {"sort": "name"}, "organisation"),
        Listed("reports", report, "reports", {"standing": "waived"}, {"sort": "name"}, "organisation"),
        Listed("applications", application, "applications", {}, {"sort": "name"}, "organisation"),
    )
}
ELSEWHERE = {"ledger"}
"""A list whose rows name no applicant each: test_fund_pages.py."""
NAMES = ("Zebra (sample)", "Éa (sample)", "Acacia (sample)", "eb (sample)")


@pytest.fixture
def call(app: FundApp) -> Call:
    made = make_call()
    make_slate(made, SlateStatus.RELEASED)
    return made


@pytest.fixture
def client(call: Call, signed_in: Client) -> FlaskClient:
    return signed_in(make_staff(Role.MANAGER, call))


def grow(listed: Listed, call_id: UUID, person_id: UUID, first: int, number: int) -> None:
    call, person = db.session.get_one(Call, call_id), db.session.get_one(Person, person_id)
    for each in range(first, first + number):
        listed.make(call, person, each, f"Group {each} (sample)")
    db.session.commit()
    db.session.expunge_all()


def test_every_list_that_can_be_taken_away_is_tested_here(app: FundApp) -> None:
    found = {
        rule.rule.removeprefix("/manage/<slug>/").removesuffix(".<format>")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/manage/<slug>/") and rule.rule.endswith(".<format>") and rule.rule.count("/") == 3
    }
    assert found - ELSEWHERE == set(LISTS)


@pytest.mark.parametrize("path", LISTS)
def test_peers_38_and_39_statements_are_as_many_with_30_as_with_300_rows(
    call: Call, client: FlaskClient, path: str
) -> None:
    listed, base = LISTS[path], f"/manage/{call.slug}"
    call_id, person_id = call.id, make_person().id

    def asked() -> list[int]:
        ways: list[Callable[[], Any]] = [
            lambda: client.get(f"{base}/{path}"),
            lambda: client.get(f"{base}/{path}", query_string={**listed.by_name, **listed.odd, "page": "2"}),
            lambda: client.post(f"{base}/{listed.search}", data={"search": "Group"}),
            lambda: client.post(f"{base}/{path}.csv", data=listed.by_name),
            lambda: client.post(f"{base}/{path}.xlsx", data={"search": "Group"}),
        ]
        numbers = []
        for way in ways:
            with counted_statements() as statements:
                assert way().status_code == 200
            db.session.expunge_all()
            numbers.append(len(statements))
        return numbers

    grow(listed, call_id, person_id, 0, 30)
    asked()
    few = asked()
    grow(listed, call_id, person_id, 30, 270)
    assert asked() == few
    rows = read_table(client.post(f"{base}/{path}.csv").data, "a.csv").rows
    assert len(rows) == 300


@pytest.mark.parametrize("path", LISTS)
def test_list_is_searched_sorted_filtered_and_taken_away(call: Call, client: FlaskClient, path: str) -> None:
    listed, person = LISTS[path], make_person()
    for number, name in enumerate(NAMES):
        listed.make(call, person, number, name)
    other = make_call()
    listed.make(other, person, 9, "Elsewhere (sample)")
    db.session.commit()
    base = f"/manage/{call.slug}"

    def shown(text: str) -> list[str]:
        return sorted((name for name in NAMES if name in text), key=text.index)

    everything = client.get(f"{base}/{path}").text
    assert set(shown(everything)) == set(NAMES)
    assert "Elsewhere" not in everything
    found = client.post(f"{base}/{listed.search}", data={"search": "  EA "})
    assert shown(found.text) == ["Éa (sample)"]
    assert 'value="EA"' in found.text
    assert "Nothing was found." in client.post(f"{base}/{listed.search}", data={"search": "Elsewhere"}).text
    assert set(shown(client.get(f"{base}/{path}?search=zebra").text)) == set(NAMES), "an address holds no search"
    if listed.odd:
        assert set(shown(client.get(f"{base}/{path}", query_string=listed.odd).text)) == {NAMES[1], NAMES[3]}
    if listed.name_column:
        by_name = ["Acacia (sample)", "Éa (sample)", "eb (sample)", "Zebra (sample)"]
        assert shown(client.get(f"{base}/{path}", query_string=listed.by_name).text) == by_name
        assert shown(client.get(f"{base}/{path}?sort=name&reverse=1").text) == by_name[::-1]
        for kind in ("csv", "xlsx"):
            data = client.post(f"{base}/{path}.{kind}", data={"sort": "name", **listed.odd}).data
            rows = read_table(data, f"a.{kind}").rows
            wanted = [name for name in by_name if not listed.odd or name in (NAMES[1], NAMES[3])]
            assert [row.cells[listed.name_column] for row in rows] == wanted
    taken = client.post(f"{base}/{path}.csv")
    assert taken.headers["Content-Disposition"].startswith("attachment; filename=")
    assert SECRET not in taken.text
    assert "Elsewhere" not in taken.text
    assert client.post(f"{base}/{path}.pdf").status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_filters_stay_from_page_to_page_and_a_search_stands_in_no_address(
    call: Call, client: FlaskClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    monkeypatch.setattr(managed_applications, "PAGE_SIZE", 2)
    listed, base = LISTS[path], f"/manage/{call.slug}"
    grow(listed, call.id, make_person().id, 0, 6)
    (sort, value), *_ = listed.by_name.items()
    page = client.get(f"{base}/{path}", query_string={**listed.odd, **listed.by_name}).text
    for name, chosen in {**listed.odd, sort: value}.items():
        assert f"{name}={chosen}" in page
    assert "page=2" in page
    searched = client.post(f"{base}/{listed.search}", data={"search": "Group", **listed.odd}).text
    assert 'name="page" value="2"' in searched
    assert "search=" not in searched
    second = client.post(f"{base}/{listed.search}", data={"search": "Group", **listed.odd, "page": "2"}).text
    assert 'aria-current="page">2<' in second
    assert client.get(f"{base}/{path}?page=99999999999999999999").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_search_is_kept_in_another_language(call: Call, client: FlaskClient, path: str) -> None:
    listed, base = LISTS[path], f"/manage/{call.slug}"
    grow(listed, call.id, make_person().id, 0, 2)
    sought = {"search": "Group", **listed.odd}
    address = f"{base}/{listed.search}?lang=fr"
    found = client.post(f"{base}/{listed.search}", data=sought).text
    assert f'formaction="{address}"' in found
    again = found.split('<form id="search-again" method="post">')[1].split("</form>")[0]
    for name, value in sought.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in again
    french = client.post(address, data=sought).text
    assert '<html lang="fr"' in french
    assert 'value="Group"' in french
    assert "search-again" not in client.get(f"{base}/{path}").text


def test_what_nobody_may_see_is_in_no_list_of_letters(call: Call, signed_in: Client) -> None:
    manager = make_staff(Role.MANAGER, call)
    letter(call, make_person(), 0, "Seen (sample)")
    letter(call, make_person(), 1, "Hidden (sample)")
    hidden = db.session.scalars(select(Application).where(Application.organisation_name == "Hidden (sample)")).one()
    db.session.add(
        ConflictOfInterest(
            application_id=hidden.id, person_id=manager.id, source=ConflictSource.DECLARED, recorded_at=NOW
        )
    )
    client = signed_in(manager)
    base = f"/manage/{call.slug}/letters"
    for text in (
        client.get(base).text,
        client.post(base, data={"search": "sample"}).text,
        client.post(f"{base}.csv").text,
    ):
        assert "Seen" in text
        assert "Hidden" not in text


def test_other_roles_get_no_list(call: Call, signed_in: Client) -> None:
    other = signed_in(make_staff(Role.MANAGER, make_call()))
    ratifier = signed_in(make_staff(Role.RATIFIER, call))
    for listed in LISTS.values():
        base = f"/manage/{call.slug}"
        for way in (f"{base}/{listed.search}", f"{base}/{listed.path}.csv"):
            assert other.post(way).status_code == 404
            if listed.path != "applications":
                assert ratifier.post(way).status_code == 403
