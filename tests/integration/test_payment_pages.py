"""Pages of instalments and payments: from a plan to what the payee confirms, in the browser."""

import re
from io import BytesIO

import openpyxl
import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from fundapp.core.db import db
from fundapp.core.numbers import read_number
from fundapp.disbursement.models import Instalment, Payment, PaymentFile
from fundapp.disbursement.payment_rules import FileStatus, PaymentStatus
from fundapp.disbursement.queries.payments import plan_of
from fundapp.disbursement.services import payments as services
from fundapp.payment_commands import payments_group

from ..attacks.conflicting import pin
from ..conftest import NOW, actor_of, without_tokens
from ..paying import Paying
from .test_offers import letter_for

PREPARED = {
    "name": "Sample Justice Fund", "account": "DE75 5121 0800 1245 1261 99", "bic": "", "country": "DE",
    "execution_on-day": "21", "execution_on-month": "9", "execution_on-year": "2020",
}  # fmt: skip


def pages(made):
    return f"/manage/{made.call.slug}/awards/{made.award.id}/instalments"


def parsed(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.text


def hidden(page, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None
    return found[1]


def in_file(made, app, *, released=False):
    """Put the whole award into a file, made and perhaps released."""
    (one,) = made.plan(1_000_000)
    made.approve(one)
    file = made.prepare(one)
    db.session.commit()
    made.make(app, file)
    if released:
        made.release(app, file)
    return file, f"/manage/{made.call.slug}/payments/files/{file.id}"


@pytest.fixture
def then():
    with time_machine.travel(NOW, tick=False):
        yield


def test_an_award_is_planned_approved_paid_and_confirmed_on_pages(app, signed_in, then):
    made = Paying()
    letter = letter_for(app, made.award).removesuffix("/award")
    manager, one, two, payee = (signed_in(each) for each in (made.manager, made.one, made.two, made.person))
    page = parsed(manager.get(pages(made)))
    assert 'value="10000.00"' in page
    typed = {
        "seen": hidden(page, "seen"), "amount-0": "4.000,00", "waits-0": "", "amount-1": "6000",
        "waits-1": "A report of the first half", "due-1-day": "1", "due-1-month": "3", "due-1-year": "2021",
    }  # fmt: skip
    assert manager.post(pages(made), data=typed).status_code == 302
    page = parsed(manager.get(pages(made)))
    assert "A report of the first half" in page
    assert "1 March 2021" in page
    first, second = [row.instalment.id for row in plan_of(made.award).rows]
    step = {"instalment": str(first), "version": "1", "step": "approve"}
    assert "Somebody else approves it" in parsed(manager.post(f"{pages(made)}/step", data=step), 409)
    assert one.post(f"{pages(made)}/step", data=step).status_code == 302
    waits = {"instalment": str(second), "version": "1", "step": "approve"}
    assert "has not come yet" in parsed(one.post(f"{pages(made)}/step", data=waits), 409)
    listed = f"/manage/{made.call.slug}/payments"
    page = parsed(one.get(f"{listed}/prepare"))
    assert str(first) in page
    assert str(second) not in page
    answer = one.post(f"{listed}/prepare", data=PREPARED | {"instalments": [str(first)]})
    assert answer.status_code == 302
    address = answer.location
    assert "fundapp payments make" in parsed(one.get(address))
    db.session.expire_all()
    file = db.session.scalars(select(PaymentFile)).one()
    made.make(app, file)
    assert "Somebody else releases it" in parsed(one.get(address))
    assert "Somebody else releases it" in parsed(one.post(f"{address}/release"), 409)
    assert two.post(f"{address}/release").status_code == 302
    taken = one.post(f"{address}/take", data={"format": "pain.001"})
    assert (taken.status_code, taken.headers["Cache-Control"]) == (200, "no-store")
    assert b'<InstdAmt Ccy="USD">4000.00</InstdAmt>' in taken.data
    assert one.post(f"{address}/sent").status_code == 302
    page = parsed(payee.get(letter))
    assert "On its way to you" in page
    assert "A report of the first half" in page
    payment = db.session.scalars(select(Payment)).one()
    confirm = {"payment": str(payment.id)}
    assert payee.post(f"{letter}/payment", data=confirm).status_code == 302
    db.session.refresh(payment)
    assert (payment.status, payment.received_by_id) == (PaymentStatus.RECEIVED, made.person.id)
    page = parsed(one.get(listed))
    figures = [re.sub(r"\s", " ", text) for text in re.findall(r"<bdi>(US\$[^<]*)</bdi>", page)]
    assert figures[:5] == [
        "US$10,000.00 (USD)", "US$6,000.00 (USD)", "US$0.00 (USD)", "US$0.00 (USD)", "US$4,000.00 (USD)",
    ]  # fmt: skip
    assert parsed(manager.get(listed))
    assert parsed(manager.get(address))


def test_a_payment_that_came_back_is_noted_with_a_reason_and_shown_to_its_people(app, signed_in, then):
    made = Paying()
    letter = letter_for(app, made.award).removesuffix("/award")
    (payment,) = made.sent(app, 1_000_000)
    client, payee = signed_in(made.one), signed_in(made.person)
    address = f"/manage/{made.call.slug}/awards/{made.award.id}/payment"
    noted = {"payment": str(payment.id), "step": "returned", "reason": " "}
    assert "Write the reason." in parsed(client.post(address, data=noted), 422)
    assert client.post(address, data=noted | {"reason": "Account closed"}).status_code == 302
    assert "Account closed" in parsed(client.get(pages(made)))
    page = parsed(payee.get(letter))
    assert "Came back to us" in page
    assert "Account closed" not in page
    assert payee.post(f"{letter}/payment", data={"payment": str(payment.id)}).status_code == 409


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("0", "Write an amount above zero."),
        ("-1", "An amount cannot be less than zero."),
        ("1e20", "1e20"),
        ("99999999999999999999", "This amount is too large."),
        ("0.001", "USD has at most 2 decimals."),
        ("ten", "ten"),
        ("9999.99", "Together the instalments must be exactly the award."),
    ],
)
def test_row_100_odd_amounts_are_named_beside_their_field_and_stay_typed(app, signed_in, typed, message):
    made = Paying()
    client = signed_in(made.manager)
    seen = hidden(client.get(pages(made)).text, "seen")
    page = parsed(client.post(pages(made), data={"seen": seen, "amount-0": "", "amount-1": typed}), 422)
    assert message in page
    assert f'value="{typed}"' in page
    assert ('id="amount-1-error"' in page) is ("Together" not in message)
    assert plan_of(made.award).rows == []


@pytest.mark.parametrize("typed", ["10,000.00", "10.000,00", "10 000", "١٠٠٠٠", "US$ 10000"])
def test_row_100_amounts_are_read_as_people_write_them_and_shown_back(app, signed_in, typed):
    made = Paying()
    client = signed_in(made.manager)
    seen = hidden(client.get(pages(made)).text, "seen")
    assert client.post(pages(made), data={"seen": seen, "amount-0": typed}).status_code == 302
    assert db.session.scalars(select(Instalment.amount_minor)).one() == 1_000_000
    assert "US$10,000.00 (USD)" in client.get(pages(made)).text
    assert read_number(typed.removeprefix("US$ "), "en")


def test_what_was_typed_on_a_page_that_is_old_stays(app, signed_in):
    made = Paying()
    client = signed_in(made.manager)
    typed = {"seen": "old", "amount-0": "10000", "waits-0": "Kept words"}
    page = parsed(client.post(pages(made), data=typed), 409)
    assert "Somebody changed these instalments meanwhile" in page
    assert 'value="Kept words"' in page
    again = typed | {"seen": hidden(page, "seen")}
    assert client.post(pages(made), data=again).status_code == 302


def test_what_is_missing_for_a_file_is_told_and_nothing_typed_is_lost(app, signed_in, then):
    made = Paying()
    (one,) = made.plan(1_000_000)
    made.approve(one)
    client = signed_in(made.one)
    address = f"/manage/{made.call.slug}/payments/prepare"
    page = parsed(client.post(address, data=PREPARED | {"account": "DE75512108001245126198"}), 422)
    assert "Choose what is to be paid." in page
    assert 'value="DE75512108001245126198"' in page
    sent = PREPARED | {"instalments": [str(one.id)], "execution_on-year": "2019"}
    assert "This day is over." in parsed(client.post(address, data=sent), 422)
    sent["instalments"] = ["x"]
    assert client.post(address, data=sent).status_code == 404
    unchecked = made.add_award(checked=False)
    (other,) = made.plan(1_000_000, award=unchecked)
    made.approve(other)
    page = parsed(client.get(address))
    assert "it cannot be paid now" in page
    assert "Not given yet" in page


def test_a_file_is_taken_in_each_format_by_finance_alone(app, signed_in, then):
    made = Paying()
    file, address = in_file(made, app, released=True)
    client = signed_in(made.one)
    book = openpyxl.load_workbook(BytesIO(client.post(f"{address}/take", data={"format": "xlsx"}).data))
    sheet = book.worksheets[0]
    cells = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (cells["account"].value, cells["amount"].value) == ("DE89370400440532013000", 10000)
    assert [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    assert client.post(f"{address}/take", data={"format": "exe"}).status_code == 404
    assert client.post(f"{address}/take").status_code == 404
    for person in (made.manager, made.person):
        assert signed_in(person).post(f"{address}/take", data={"format": "csv"}).status_code in (403, 404)
    old = signed_in(made.one, fresh=False).post(f"{address}/take", data={"format": "csv"})
    assert old.data.count(b"DE89370400440532013000") == 0
    assert file.status is FileStatus.RELEASED


def test_a_file_is_cancelled_and_its_instalments_can_be_paid_again(app, signed_in, then):
    made = Paying()
    _file, address = in_file(made, app)
    client = signed_in(made.two)
    assert client.post(f"{address}/cancel").status_code == 302
    assert "Cancelled" in parsed(client.get(address))
    assert "instalment 1" in parsed(client.get(f"/manage/{made.call.slug}/payments/prepare"))
    assert client.post(f"{address}/release").status_code == 409


def test_waiting_files_are_made_by_the_command_that_has_the_private_key(app, tmp_path, then):
    made = Paying()
    (one,) = made.plan(1_000_000)
    made.approve(one)
    file = made.prepare(one)
    db.session.commit()
    file_id, folder = file.id, app.extensions["settings"].keys_dir
    without = tmp_path / "without"
    without.mkdir(mode=0o700)
    for keys in (without, folder):
        db.session.rollback()  # a command has a transaction of its own
        result = CliRunner().invoke(payments_group, ["make", "--private-keys", str(keys)], obj=lambda: app)
        status = db.session.get_one(PaymentFile, file_id).status
        if keys is without:
            assert (result.exit_code, status) == (1, FileStatus.WAITING)
            assert "payee.private" in result.output
        else:
            assert (result.exit_code, status) == (0, FileStatus.MADE)
            assert result.output == f"{file_id}: made\n"


def test_a_manager_sees_no_account_and_nobody_what_is_in_conflict(app, signed_in, then):
    made = Paying()
    other = made.add_award()
    (theirs,) = made.plan(1_000_000, award=other)
    made.approve(theirs)
    client = signed_in(made.two)
    before = without_tokens(client.get(f"/manage/{made.call.slug}/payments").text)
    pin(other.decision.entry.application, made.two)
    db.session.commit()
    after = without_tokens(client.get(f"/manage/{made.call.slug}/payments").text)
    assert other.reference in before
    assert other.reference not in after
    assert "20,000" not in after
    _file, address = in_file(made, app)
    assert "3000" in signed_in(made.one).get(address).text
    assert "•••• 3000" not in signed_in(made.manager).get(address).text
    services.cancel_file(actor=actor_of(made.one), file=_file, now=NOW)
