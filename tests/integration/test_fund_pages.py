"""Pages of funds: entered, read, proposed, kept, taken away; what is wrong stands beside its field."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import grant_role
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Fund, FundMovement
from fundapp.review.terms_rules import PotTerms, WantedTerms
from tests.conftest import SignedIn, counted_statements, without_tokens
from tests.factories import NOW, make_call, make_person, make_protected, make_staff, make_terms
from tests.funding import give, make_award, make_fund
from tests.integration.test_funds import pin
from tests.integration.test_trial_list_pages import hidden_in, plain

FUND = {
    "name": "Land fund (sample)",
    "funder": "",
    "funder_name": "Kind Foundation (sample)",
    "funder_reference": "KF-7",
    "currency": "USD",
}


def finance(call: Call) -> Person:
    return make_staff(Role.FINANCE, call)


def test_a_fund_is_entered_promised_to_and_read(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    client, managed = signed_in(finance(call)), f"/manage/{call.slug}/funds"
    page = client.post(f"{managed}/new", data=FUND, follow_redirects=True)
    assert "The fund is entered." in page.text
    address = page.request.path
    page = client.post(address, data={"kind": "promised", "direction": "more", "amount": "12,500.50", "reason": ""})
    assert page.status_code == 302
    client.post(address, data={"kind": "received", "direction": "more", "amount": "2,500", "reason": ""})
    text = plain(client.get(managed).text)
    assert "Land fund (sample) Kind Foundation (sample)" in text
    assert "US$12,500.50 (USD)" in text
    assert "US$2,500.00 (USD)" in text
    assert "no figure that you see" in text
    fund = db.session.scalars(select(Fund)).one()
    assert (fund.promised_minor, fund.received_minor, fund.call_id) == (1_250_050, 250_000, call.id)


def test_amounts_are_read_as_people_of_a_language_write_them(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    person, fund = make_person(language="fr"), make_fund(call, 0)
    grant_role(actor=system_actor(), person=person, role=Role.FINANCE, now=NOW, call_id=call.id)
    fund_id, client = fund.id, signed_in(person)
    sent = {"kind": "promised", "direction": "more", "amount": "1.234,50"}
    assert client.post(f"/manage/{call.slug}/funds/{fund_id}", data=sent).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Fund, fund_id).promised_minor == 123_450


@pytest.mark.parametrize(
    ("sent", "message", "status"),
    [
        ({"amount": "much"}, "much", 422),
        ({"amount": "0"}, "Write an amount above zero.", 422),
        ({"amount": "5", "direction": "less"}, "Say why: it stays with the money.", 422),
        ({"amount": "5", "direction": "less", "reason": "Wrong"}, "More of “Open fund (sample)” is set aside", 409),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    app: FundApp, signed_in: SignedIn, sent: dict[str, str], message: str, status: int
) -> None:
    call = make_call()
    fund, award = make_fund(call, 1000), make_award(call, 1000)
    give(fund, award, 1000)
    address = f"/manage/{call.slug}/funds/{fund.id}"
    given = {"kind": "promised", "direction": "more", "reason": ""} | sent
    page = signed_in(finance(call)).post(address, data=given)
    assert page.status_code == status
    assert message in page.text
    assert f'value="{sent["amount"]}"' in page.text
    assert db.session.scalar(select(func.count()).select_from(FundMovement)) == 2


def test_a_currency_that_is_not_the_calls_is_told_beside_it(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    page = signed_in(finance(call)).post(f"/manage/{call.slug}/funds/new", data=FUND | {"currency": "eur"})
    assert page.status_code == 422
    assert re.search(r'id="currency-error">.*Money is not converted here', page.text)
    assert 'value="Land fund (sample)"' in page.text


def test_a_fund_is_changed_and_a_second_change_is_told(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(budget_minor=3_000_000)
    make_terms(call, WantedTerms(pots=(PotTerms("", (("en", "North pot"),), 2_000_000, ("region:north",)),)))
    fund = make_fund(call, 1000)
    client, address = signed_in(finance(call)), f"/manage/{call.slug}/funds/{fund.id}"
    page = client.get(f"{address}/change").text
    change = {
        "edition": hidden_in(page, "edition"),
        "name": "North fund",
        "funder_name": "Kind Foundation (sample)",
        "funder_reference": "",
        "is_restricted": "y",
        "restriction": "The north only",
        "pot": "p1",
    }
    assert client.post(f"{address}/change", data=change).status_code == 302
    shown = plain(client.get(address).text)
    assert "North fund" in shown
    assert "The north only Pot North pot" in shown
    again = client.post(f"{address}/change", data=change)
    assert again.status_code == 409
    assert "changed this fund meanwhile" in again.text


def test_a_proposal_is_shown_before_it_is_kept(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    awards = [make_award(call, 40_000), make_award(call, 90_000)]
    make_fund(call, 100_000)
    client, address = signed_in(finance(call)), f"/manage/{call.slug}/funds/awards"
    page = client.get(address).text
    assert "Open fund (sample) : US$400.00 (USD)" in plain(page)
    assert "For 1 award there is no money" in page
    assert "Keep the proposal for 1 award" in page
    sent = {"seen": hidden_in(page, "seen")}
    assert client.post(address, data=sent).status_code == 302
    assert [db.session.get_one(Award, each.id).is_funded for each in awards] == [True, False]
    again = client.post(address, data=sent)
    assert again.status_code == 409
    assert "changed meanwhile" in again.text


def test_an_awards_funds_are_chosen_and_moved_by_hand(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    award = make_award(call, 40_000)
    one, two = make_fund(call, 100_000, name="One").id, make_fund(call, 100_000, name="Two").id
    client, address = signed_in(finance(call)), f"/manage/{call.slug}/awards/{award.id}/funds"

    def sent(**amounts: str) -> dict[str, str]:
        return {"seen": hidden_in(client.get(address).text, "seen"), **amounts}

    assert 'value="400.00"' in client.get(address).text  # what is proposed is filled in
    assert client.post(address, data=sent(**{f"fund-{one}": "300", f"fund-{two}": "100"})).status_code == 302
    page = client.post(address, data=sent(**{f"fund-{one}": "100", f"fund-{two}": "300"}))
    assert page.status_code == 422
    assert re.search(r'id="reason-error">.*Say why', page.text)
    assert 'value="300"' in page.text
    moved = sent(**{f"fund-{one}": "100", f"fund-{two}": "300", "reason": "The donor asked."})
    assert client.post(address, data=moved).status_code == 302
    assert client.post(address, data=moved).status_code == 409
    ledger = plain(client.get(f"/manage/{call.slug}/ledger").text)
    assert ledger.count("The donor asked.") == 2
    assert "-US$200.00 (USD)" in ledger


def test_the_ledger_is_taken_away_as_csv_and_xlsx_with_no_formula(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund, award = make_fund(call, 1000, name="=1+1"), make_award(call, 1000)
    give(fund, award, 1000, reason="@SUM(A1)")
    client = signed_in(finance(call))
    rows = list(csv.DictReader(io.StringIO(client.post(f"/manage/{call.slug}/ledger.csv").data.decode("utf-8-sig"))))
    assert sorted((row["movement"], row["amount"], row["award_reference"]) for row in rows) == [
        ("allocated", "10.00", award.reference),
        ("promised", "10.00", ""),
    ]
    sheet = load_workbook(io.BytesIO(client.post(f"/manage/{call.slug}/ledger.xlsx").data)).active
    assert sheet is not None
    assert sheet.max_row == 3
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_pages_are_the_same_with_and_without_a_hidden_award(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    person, fund, shown = finance(call), make_fund(call, 5_000), make_award(call, 1000)
    give(fund, shown, 1000)
    client = signed_in(person)
    managed = f"/manage/{call.slug}"
    paths = [f"{managed}/funds", f"{managed}/funds/{fund.id}", f"{managed}/funds/awards", f"{managed}/ledger"]
    paths.append(f"{managed}/awards/{shown.id}/funds")
    before = [without_tokens(client.get(path).text) for path in paths]
    table = client.post(f"{managed}/ledger.csv").data
    hidden = make_award(call, 2000)
    give(fund, hidden, 2000, reason="Hidden")
    pin(hidden.decision.entry.application, person)
    db.session.commit()
    assert [without_tokens(client.get(path).text) for path in paths] == before
    assert client.post(f"{managed}/ledger.csv").data == table
    assert client.get(f"{managed}/awards/{hidden.id}/funds").status_code == 404


def test_a_protected_award_goes_by_its_pseudonym_in_every_list(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    award = make_award(call, 1000)
    give(make_fund(call, 5000), award, 1000)
    name = award.decision.entry.application.organisation_name
    pseudonym = make_protected(award.decision.entry.application).pseudonym or ""
    client = signed_in(finance(call))
    for path in ("funds/awards", "ledger", f"awards/{award.id}/funds"):
        page = client.get(f"/manage/{call.slug}/{path}").text
        assert pseudonym in page
        assert name not in page
    table = client.post(f"/manage/{call.slug}/ledger.csv").text
    assert pseudonym in table
    assert name not in table


def test_managers_read_the_pages_and_find_no_way_to_change(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund, award = make_fund(call, 5000), make_award(call, 1000)
    client = signed_in(make_staff(Role.MANAGER, call))
    managed = f"/manage/{call.slug}"
    assert "Where the money is" in client.get(f"{managed}/funds").text
    for path in (f"{managed}/funds", f"{managed}/funds/{fund.id}", f"{managed}/funds/awards"):
        page = client.get(path).text
        assert "Enter a fund" not in page
        assert "Write it into the ledger" not in page
        assert "Choose funds" not in page
    for path in (f"{managed}/funds/new", f"{managed}/awards/{award.id}/funds"):
        assert client.get(path).status_code == 403
    assert f'href="{managed}/funds"' in client.get(managed).text


def test_the_picture_has_its_figures_in_words_and_a_bar_for_each_fund(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    one = make_fund(call, 1000, name="One")
    make_fund(call, 500, name="Two")
    give(one, make_award(call, 250), 250)
    page = signed_in(finance(call)).get(f"/manage/{call.slug}/funds").text
    assert re.findall(r'<rect x="([0-9.]+)%" y="20" width="([0-9.]+)%"', page) == [("0.0", "25.0"), ("25.0", "75.0")]
    assert 'aria-label="Where the money is:' in page
    assert "The table below holds the same figures." in page
    assert "US$7.50 (USD)" in plain(page)
    assert "All funds" in page


def test_the_pages_ask_as_much_for_many_awards_as_for_few(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call)
    for _ in range(2):
        give(fund, make_award(call, 1000), 1000)
    client = signed_in(finance(call))
    paths = [f"/manage/{call.slug}/{path}" for path in ("funds", "funds/awards", "ledger")]

    def asked(path: str) -> int:
        with counted_statements() as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    asked(paths[0])  # the first request of a sign-in finds less to read anew
    few = [asked(path) for path in paths]
    for _ in range(6):
        give(make_fund(call), make_award(call, 1000), 1000)
    db.session.commit()
    assert [asked(path) for path in paths] == few
