"""Files for banks: valid by a schema that no one here wrote, read back the same, refused, never changed. Row 99."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from fundapp.core.money import MAX_MINOR
from fundapp.disbursement.exports.pain001 import Batch, CannotBePaid, Creditor, Debtor, Transfer, pain001

SCHEMA = xmlschema.XMLSchema((files("sepaxml") / "schemas" / "pain.001.001.09.xsd").read_text("utf-8"))
"""The schema as another package carries it, in the hands of another parser than the one that writes."""
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
DEBTOR = Debtor("Fund of Samples", "DE", iban="DE89370400440532013000", bic="DEUTDEFF", town="Berlin")
CREDITORS = {
    "IBAN": Creditor("Casa de Ensaios", "Lisboa", "PT", iban="PT50000201231234567890154", bic="CGDIPTPL"),
    "IBAN alone": Creditor("Maison des Essais", "Paris", "FR", iban="FR1420041010050500013M02606"),
    "US": Creditor("Sample House", "Chicago", "US", account="12345678", routing="021000021"),
    "IN": Creditor("Namuna Ghar", "Mumbai", "IN", account="123456789012", routing="SBIN0001234"),
    "NG": Creditor("House of Samples", "Lagos", "NG", account="0152792740", routing="058"),
    "KE": Creditor("Nyumba ya Mifano", "Nairobi", "KE", account="0100123456", bic="KCBLKENX"),
    "a country without rules of its own": Creditor(
        "Baan Tuayang", "Bangkok", "TH", account="1234567890", routing="002"
    ),
    "account elsewhere": Creditor(
        "Exiles' House", "Nairobi", "KE", account="12345678", routing="021000021", account_country="US"
    ),
}
BATCH = Batch(
    message_id="B-2026-0007",
    created_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    initiating_party="Fund of Samples",
    debtor=DEBTOR,
    execution_date=date(2026, 11, 27),
    currency="USD",
    transfers=tuple(
        Transfer(f"P-{number}", 10_000 + number, creditor, "Grant P 2026")
        for number, creditor in enumerate(CREDITORS.values(), 1)
    ),
)


def one(creditor=CREDITORS["IBAN"], *, amount_minor=128_000, remittance="", reference="P-1", **changes):
    return replace(BATCH, transfers=(Transfer(reference, amount_minor, creditor, remittance),), **changes)


def read_back(made):
    return ET.fromstring(made)  # noqa: S314 - written by ourselves just now


def found(parent, path):
    element = parent.find(path, NS)
    assert element is not None
    return element


def text(parent, path):
    return parent.findtext("/".join(f"p:{step}" for step in path.split("/")), namespaces=NS)


def test_every_country_is_written_as_the_schema_has_it_and_read_back_the_same():
    written = pain001(BATCH)
    SCHEMA.validate(written.decode())
    top = found(read_back(written), "p:CstmrCdtTrfInitn")
    read = []
    for element in top.findall("p:PmtInf/p:CdtTrfTxInf", NS):
        amount = found(element, "p:Amt/p:InstdAmt")
        assert amount.get("Ccy") == "USD"
        agent = "CdtrAgt/FinInstnId"
        iban = text(element, "CdtrAcct/Id/IBAN") or ""
        home = text(element, "Cdtr/PstlAdr/Ctry")
        at = text(element, f"{agent}/PstlAdr/Ctry") or home
        read.append(
            Transfer(
                text(element, "PmtId/EndToEndId"),
                int(Decimal(amount.text) * 100),
                Creditor(
                    text(element, "Cdtr/Nm"),
                    text(element, "Cdtr/PstlAdr/TwnNm"),
                    home,
                    iban=iban,
                    account=text(element, "CdtrAcct/Id/Othr/Id") or "",
                    routing=text(element, f"{agent}/ClrSysMmbId/MmbId") or "",
                    bic=text(element, f"{agent}/BICFI") or "",
                    account_country=at if at != home else "",
                ),
                text(element, "RmtInf/Ustrd"),
            )
        )
    assert tuple(read) == BATCH.transfers
    assert text(top, "GrpHdr/MsgId") == text(top, "PmtInf/PmtInfId") == "B-2026-0007"
    assert text(top, "GrpHdr/CreDtTm") == "2026-11-23T09:30:00+00:00"
    assert text(top, "GrpHdr/NbOfTxs") == text(top, "PmtInf/NbOfTxs") == "8"
    assert text(top, "GrpHdr/CtrlSum") == text(top, "PmtInf/CtrlSum") == "800.36"
    assert text(top, "PmtInf/ReqdExctnDt/Dt") == "2026-11-27"
    assert text(top, "PmtInf/DbtrAcct/Id/IBAN") == "DE89370400440532013000"
    assert text(top, "PmtInf/DbtrAgt/FinInstnId/BICFI") == "DEUTDEFF"
    codes = [text(each, "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd") for each in top.iterfind(".//p:CdtTrfTxInf", NS)]
    assert codes == [None, None, "USABA", "INFSC", None, None, None, "USABA"]


def test_the_reader_of_xmlschema_finds_the_same_sums_and_no_element_that_the_schema_does_not_know():
    read: Any = SCHEMA.to_dict(pain001(BATCH).decode())
    document = read["CstmrCdtTrfInitn"]
    (payment,) = document["PmtInf"]
    amounts = [Decimal(str(each["Amt"]["InstdAmt"]["$"])) for each in payment["CdtTrfTxInf"]]
    assert sum(amounts) == Decimal(str(document["GrpHdr"]["CtrlSum"])) == Decimal("800.36")


@pytest.mark.parametrize(
    ("currency", "minor", "written"),
    [("JPY", 128_000, "128000"), ("KWD", 128_000, "128.000"), ("EUR", 128_000, "1280.00"), ("USD", 1, "0.01")],
)
def test_amounts_have_the_decimals_of_their_currency(currency, minor, written):
    made = pain001(one(amount_minor=minor, currency=currency))
    SCHEMA.validate(made.decode())
    root = read_back(made)
    assert found(root, ".//p:InstdAmt").text == written
    assert {each.text for each in root.iterfind(".//p:CtrlSum", NS)} == {written}


def test_a_batch_is_the_same_bytes_each_time_in_whatever_zone_it_was_made():
    there = BATCH.created_at.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert pain001(BATCH) == pain001(replace(BATCH, created_at=there)) == pain001(BATCH)


def test_an_account_that_pays_without_iban_is_named_by_number_and_bank():
    debtor = Debtor("Fund of Samples", "US", account="987654321", bic="CHASUS33")
    made = pain001(one(debtor=debtor))
    SCHEMA.validate(made.decode())
    assert text(read_back(made), "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Id/Othr/Id") == "987654321"


def test_a_bank_that_the_iban_alone_names_is_said_not_to_be_provided():
    made = pain001(one(debtor=replace(DEBTOR, bic="")))
    SCHEMA.validate(made.decode())
    assert text(read_back(made), "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/Othr/Id") == "NOTPROVIDED"


HOSTILE = [
    "ضد",
    "Ação",
    "=1+1",
    "<b>",
    "A & B",
    "Name\u202egnp.exe",
    "two\nlines",
    "nul\x00",
    " edge",
    "A\u200bB",
    "Кириллица",
    "“quoted”",
    "a;b",
    "   ",
    "",
    "x" * 141,
]


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field in ("latin_name", "town", "remittance") for name in HOSTILE if name or field == "town"],
)
def test_a_text_that_banks_cannot_carry_is_refused_and_never_changed(field, name):
    batch = one(remittance=name) if field == "remittance" else one(replace(CREDITORS["IBAN"], **{field: name}))
    with pytest.raises(CannotBePaid) as refused:
        pain001(batch)
    assert refused.value.reference == "P-1"
    assert not name.strip() or name not in str(refused.value.reason)


@pytest.mark.parametrize(
    "creditor",
    [
        replace(CREDITORS["IBAN"], iban="PT50000201231234567890155"),
        replace(CREDITORS["IBAN"], bic="CGDI"),
        replace(CREDITORS["IBAN"], bic="DEUTDEFF"),
        replace(CREDITORS["IBAN"], account="123456"),
        replace(CREDITORS["IBAN"], iban=""),
        replace(CREDITORS["IBAN"], country=""),
        replace(CREDITORS["IBAN"], country="Portugal"),
        replace(CREDITORS["IBAN"], town="x" * 36),
        replace(CREDITORS["US"], routing="021000022"),
        replace(CREDITORS["US"], routing=""),
        replace(CREDITORS["US"], routing="", bic="CHASUS33"),
        replace(CREDITORS["NG"], account="0152792741"),
        replace(CREDITORS["KE"], bic=""),
        replace(CREDITORS["KE"], account="12"),
        replace(CREDITORS["KE"], account="0100 123456"),
        Creditor("Casa", "Puebla", "MX", account="032180000118359719"),
    ],
)
def test_an_account_that_is_not_right_is_refused(creditor):
    with pytest.raises(CannotBePaid) as refused:
        pain001(one(creditor))
    assert refused.value.reference == "P-1"


@pytest.mark.parametrize("reference", ["/P1", "P1/", "P//1", "", "x" * 36, "Ä1", " P1"])
def test_references_that_banks_refuse_are_refused(reference):
    with pytest.raises(CannotBePaid) as refused:
        pain001(one(reference=reference))
    assert refused.value.reference == reference
    with pytest.raises(CannotBePaid) as refused:
        pain001(one(message_id=reference))
    assert refused.value.reference == ""


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"transfers": ()}, ""),
        ({"transfers": BATCH.transfers[:1] * 2}, "P-1"),
        ({"initiating_party": "Fönd"}, ""),
        ({"debtor": replace(DEBTOR, iban="DE88370400440532013000")}, ""),
        ({"debtor": replace(DEBTOR, iban="", account="123", bic="")}, ""),
        ({"debtor": replace(DEBTOR, account="123")}, ""),
        ({"debtor": replace(DEBTOR, iban="")}, ""),
        ({"debtor": replace(DEBTOR, country="")}, ""),
        ({"debtor": replace(DEBTOR, name="")}, ""),
        ({"currency": "XXX"}, "P-1"),
        ({"currency": "usd"}, "P-1"),
    ],
)
def test_a_batch_that_a_bank_would_refuse_is_refused(changes, reference):
    with pytest.raises(CannotBePaid) as refused:
        pain001(replace(BATCH, **changes))
    assert refused.value.reference == reference
    assert re.search(r"\w", str(refused.value.reason))


@pytest.mark.parametrize("minor", [0, -1, MAX_MINOR + 1])
def test_nothing_and_less_than_nothing_are_not_paid(minor):
    with pytest.raises(CannotBePaid):
        pain001(one(amount_minor=minor))


def test_sums_longer_than_the_schema_has_room_for_are_refused():
    many = tuple(Transfer(f"P-{number}", MAX_MINOR, CREDITORS["IBAN"]) for number in range(1000))
    SCHEMA.validate(pain001(replace(BATCH, transfers=many[:999])).decode())
    with pytest.raises(CannotBePaid):
        pain001(replace(BATCH, transfers=many))


def test_a_time_without_a_zone_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="time zone"):
        pain001(replace(BATCH, created_at=datetime(2026, 11, 23)))  # noqa: DTZ001 - the mistake itself


@given(
    name=st.text(max_size=145),
    town=st.text(max_size=40),
    remittance=st.text(max_size=145),
    reference=st.text(st.characters(codec="ascii"), max_size=40),
    minor=st.integers(-1, MAX_MINOR + 1),
)
def test_whatever_is_typed_the_file_is_valid_and_says_it_or_there_is_none(name, town, remittance, reference, minor):
    creditor = replace(CREDITORS["KE"], latin_name=name, town=town)
    try:
        made = pain001(one(creditor, amount_minor=minor, remittance=remittance, reference=reference))
    except CannotBePaid:
        return
    SCHEMA.validate(made.decode())
    root = read_back(made)
    assert found(root, ".//p:Cdtr/p:Nm").text == name
    assert found(root, ".//p:Cdtr/p:PstlAdr/p:TwnNm").text == town
    assert (root.findtext(".//p:Ustrd", namespaces=NS) or "") == remittance
