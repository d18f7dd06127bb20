"""What somebody of a funder reads: the money of their own funder's funds, and what everybody may read of its awards."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import Award, Fund, FunderPerson
from fundapp.disbursement.publication_rules import Publication
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award
from fundapp.disbursement.services.funder_people import end_of_funder, invite_of_funder
from tests.conftest import NOW, SignedIn, actor_of, counted_statements, without_tokens
from tests.factories import make_application, make_call, make_person, make_protected, make_staff
from tests.funding import give, make_award, make_fund
from tests.integration.test_publication import choose
from tests.integration.test_trial_list_pages import plain

LATER = NOW + timedelta(days=60)
OTHER = {"name": "Other Foundation (sample)"}


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    """Some days after the awards were made, so that choices are followed."""
    with time_machine.travel(LATER, tick=False):
        yield


def make_reader(fund: Fund, name: str = "Fatou Sample") -> Person:
    person = make_person(name)
    invited = FunderPerson(
        funder_id=fund.funder_id, person_id=person.id, invited_by_id=make_person().id, invited_at=NOW
    )
    db.session.add(invited)
    db.session.commit()
    return person


def award_paid_from(fund: Fund, call: Call, name: str, choice: Publication | None, amount: int = 200_000) -> Award:
    application = make_application(call, organisation_name=name, requested_minor=amount)
    award = make_award(call, amount, application)
    give(fund, award, amount)
    if choice is not None:
        choose(award, choice)
    db.session.commit()
    return award


def page_of(signed_in: SignedIn, reader: Person, fund: Fund) -> str:
    response = signed_in(reader).get(f"/funders/{fund.funder_id}")
    assert response.status_code == 200
    return without_tokens(response.text)


def test_a_reader_sees_the_sums_of_their_own_funds_and_published_awards(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund, strange = make_fund(call, 1_000_000), make_fund(call, 7_777_700, funder=OTHER, name="Strange fund (sample)")
    award = award_paid_from(fund, call, "Mwanga (sample)", Publication.FULL)
    award_paid_from(strange, call, "Not theirs (sample)", Publication.FULL)
    post_of_award(
        actor=actor_of(make_staff(Role.FINANCE)), award=award, now=NOW, reason="",
        postings=[Posting(fund, MovementKind.PAID, 150_000)],
    )  # fmt: skip
    reader = make_reader(fund)
    text = plain(page_of(signed_in, reader, fund))
    for amount in ("US$10,000.00 (USD)", "US$2,000.00 (USD)", "US$1,500.00 (USD)", "US$8,000.00 (USD)"):
        assert amount in text  # promised, set aside, paid, left
    assert "Mwanga (sample)" in text
    for hidden in ("Strange fund", "Other Foundation", "Not theirs", "77,777"):
        assert hidden not in text
    home = signed_in(reader).get("/home").text
    assert f"/funders/{fund.funder_id}" in home


@pytest.mark.parametrize("choice", [None, Publication.WITHHELD, Publication.REGION_ONLY])
@pytest.mark.parametrize("published_first", [False, True])
def test_awards_that_nobody_may_read_of_leave_no_trace(
    app: FundApp, signed_in: SignedIn, choice: Publication | None, published_first: bool
) -> None:
    call = make_call()
    fund = make_fund(call, 1_000_000)
    award_paid_from(fund, call, "Mwanga (sample)", Publication.FULL)
    reader = make_reader(fund)
    before = page_of(signed_in, reader, fund)
    hidden = award_paid_from(fund, call, "Hidden (sample)", Publication.FULL if published_first else None, 123_400)
    if choice is not None:
        choose(hidden, choice)
    elif published_first:
        make_protected(hidden.decision.entry.application)
        db.session.commit()
    post_of_award(
        actor=actor_of(make_staff(Role.FINANCE)), award=hidden, now=NOW, reason="",
        postings=[Posting(fund, MovementKind.PAID, 100_000)],
    )  # fmt: skip
    db.session.commit()
    assert page_of(signed_in, reader, fund) == before


def test_what_is_published_by_name_alone_has_no_amount_in_any_figure(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call, 1_000_000)
    award_paid_from(fund, call, "Mwanga (sample)", Publication.NAME_ONLY, 123_400)
    text = plain(page_of(signed_in, make_reader(fund), fund))
    assert "Mwanga (sample)" in text
    assert "1,234" not in text
    assert "8,766" not in text


def test_an_award_is_not_told_before_its_people_had_time_to_choose_again(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call, 1_000_000)
    award = award_paid_from(fund, call, "Mwanga (sample)", Publication.FULL)
    reader = make_reader(fund)
    award.awarded_at = LATER - timedelta(days=1)
    db.session.commit()
    assert "Mwanga" not in page_of(signed_in, reader, fund)


def test_nobody_else_reads_it_and_a_reader_reads_nothing_else(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund, strange = make_fund(call), make_fund(call, funder=OTHER)
    reader = make_reader(fund)
    path = f"/funders/{fund.funder_id}"
    for person in (make_person(), make_staff(Role.MANAGER, call), make_staff(Role.FINANCE), make_staff(Role.AUDITOR)):
        assert signed_in(person).get(path).status_code == 404
    client = signed_in(reader)
    assert client.get(f"/funders/{strange.funder_id}").status_code == 404
    for page in ("funds", "ledger", "letters", f"funds/{fund.id}", f"funds/{fund.id}/people"):
        assert client.get(f"/manage/{call.slug}/{page}").status_code == 403
    assert app.test_client().get(path).status_code in (302, 401)


def test_finance_officers_invite_and_end_readers_and_mails_tell_nothing(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call)
    db.session.commit()
    client, path = signed_in(make_staff(Role.FINANCE)), f"/manage/{call.slug}/funds/{fund.id}/people"
    assert path in client.get(f"/manage/{call.slug}/funds/{fund.id}").text
    sent = {"name": "Fatou Sample", "email": "fatou@example.org", "language": "en"}
    for _each in range(2):
        assert client.post(path, data=sent).status_code == 302
    (reading,) = db.session.scalars(select(FunderPerson)).all()
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 1
    assert "Kind" not in str([each.data for each in db.session.scalars(select(MailMessage))])
    reader, reader_id = reading.person, reading.id
    assert "Fatou Sample" in client.get(path).text
    assert signed_in(reader).get(f"/funders/{fund.funder_id}").status_code == 200
    assert client.post(f"{path}/end", data={"reader": str(reader_id)}).status_code == 302
    assert client.post(f"{path}/end", data={"reader": str(reader_id)}).status_code == 404
    assert client.post(f"{path}/end", data={"reader": "nobody"}).status_code == 400
    assert "Fatou Sample" not in client.get(path).text
    assert signed_in(reader).get(f"/funders/{fund.funder_id}").status_code == 404
    assert f"/funders/{fund.funder_id}" not in signed_in(reader).get("/home").text
    client.post(path, data=sent)
    assert signed_in(reader).get(f"/funders/{fund.funder_id}").status_code == 200


def test_a_wrong_address_stands_beside_its_field_and_nothing_typed_is_lost(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call)
    db.session.commit()
    client, path = signed_in(make_staff(Role.FINANCE)), f"/manage/{call.slug}/funds/{fund.id}/people"
    answer = client.post(path, data={"name": "Fatou Sample", "email": "fatou at home", "language": "en"})
    assert answer.status_code == 422
    assert "Fatou Sample" in answer.text
    assert "fatou at home" in answer.text
    assert re.search(r'id="email-error"', answer.text)


def test_whoever_looks_after_a_part_of_a_funder_invites_nobody_for_it(app: FundApp, signed_in: SignedIn) -> None:
    ours, theirs = make_call(), make_call()
    fund = make_fund(ours)
    db.session.add(
        Fund(
            funder_id=fund.funder_id, programme_id=theirs.programme_id, call_id=theirs.id, name="Elsewhere",
            currency="USD", added_at=NOW,
        )
    )  # fmt: skip
    officer = make_staff(Role.FINANCE, ours)
    db.session.commit()
    reader = make_reader(fund, "Fatou Sample")
    client, path = signed_in(officer), f"/manage/{ours.slug}/funds/{fund.id}/people"
    assert "Fatou Sample" not in client.get(path).text
    sent = {"name": "Bao Sample", "email": "bao@example.org", "language": "en"}
    assert client.post(path, data=sent).status_code == 403
    reading = db.session.scalars(select(FunderPerson).where(FunderPerson.person_id == reader.id)).one()
    assert client.post(f"{path}/end", data={"reader": str(reading.id)}).status_code == 403
    for role in (Role.MANAGER, Role.AUDITOR):
        actor = actor_of(make_staff(role))
        with pytest.raises(NotAllowed):
            end_of_funder(actor=actor, call=ours, fund=fund, reader=reading, now=NOW)
        with pytest.raises(NotAllowed):
            invite_of_funder(
                actor=actor, call=ours, fund=fund, email="x@example.org", name="X", language="en", secret_key="x" * 32,
                now=NOW,
            )  # fmt: skip


def test_the_database_takes_one_open_row_of_a_reader(app: FundApp) -> None:
    fund = make_fund(make_call())
    reader = make_reader(fund)
    db.session.add(FunderPerson(funder_id=fund.funder_id, person_id=reader.id, invited_by_id=reader.id, invited_at=NOW))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_the_page_asks_as_much_of_the_database_for_few_awards_as_for_many(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    fund = make_fund(call, 9_000_000)
    award_paid_from(fund, call, "One (sample)", Publication.FULL)
    client = signed_in(make_reader(fund))
    client.get(f"/funders/{fund.funder_id}")
    with counted_statements() as few:
        client.get(f"/funders/{fund.funder_id}")
    for number in range(4):
        award_paid_from(fund, call, f"More {number} (sample)", Publication.FULL)
    with counted_statements() as many:
        client.get(f"/funders/{fund.funder_id}")
    assert len(many) == len(few)
