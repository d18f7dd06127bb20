"""What the public reads of awards: what their own people chose, valid by the standards, and no trace of the rest."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import time_machine
from flask.testing import FlaskClient
from lxml import etree
from okfn_iati.iati_schema_validator import IatiValidator
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Application, Call, ConflictOfInterest, ConflictSource
from fundapp.applications.services.protection import ask_to_lower, confirm_lowering
from fundapp.core.audit import AuditEntry, KeptVersion, text_sha256
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Letter, LetterKind, PublicationChoice
from fundapp.disbursement.publication_rules import DAYS_BEFORE, Publication
from fundapp.disbursement.queries.publication import chosen_for
from fundapp.disbursement.services.publication import choose_publication, question
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application
from fundapp.review.models import SlateStatus
from fundapp.settings import Publisher

from ..attacks.world import finish_letter
from ..conftest import NOW, SignedIn, actor_of, without_tokens
from ..factories import (
    make_application,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_protected,
    make_slate,
    make_staff,
)
from ..standards import giving_errors

DAY = timedelta(days=1)
LATER = NOW + (DAYS_BEFORE + 1) * DAY
PUBLISHER = Publisher(
    "GB-CHC-9999999",
    "Fund & Friends (sample)",
    "360G-sample",
    "https://creativecommons.org/licenses/by/4.0/",
    "60",
    "15160",
)
PAGE, JSON, CSV, XML = "/open/awards", "/open/awards.json", "/open/awards.csv", "/open/activities.xml"


@pytest.fixture(autouse=True)
def publishing(app: FundApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation that publishes open files, some days after the awards were made."""
    settings = app.extensions["settings"]
    object.__setattr__(settings, "publisher", PUBLISHER)
    with time_machine.travel(LATER, tick=False):
        yield
    object.__setattr__(settings, "publisher", None)


class Round:
    """A released call with awards; `give` makes one more, and its people choose."""

    def __init__(self, **values: Any) -> None:
        self.call: Call = make_call(**values)
        self.slate = make_slate(self.call, SlateStatus.RELEASED)

    def give(
        self, choice: Publication | None = None, *, amount: int = 100_000, protected: bool = False, **values: Any
    ) -> Award:
        application = make_application(self.call, **values)
        decision = make_decision(self.slate, application.entries[0], amount_minor=amount)
        award = Award(
            decision_id=decision.id,
            call_id=self.call.id,
            reference=application.reference or "",
            amount_minor=amount,
            currency=self.call.currency,
            awarded_at=NOW,
        )
        db.session.add(award)
        db.session.flush()
        if choice is not None:
            choose(award, choice)
        if protected:
            make_protected(application)
        db.session.commit()
        return award


def application_of(award: Award) -> Application:
    return award.decision.entry.application


def choose(award: Award, choice: Publication, at=NOW + DAY) -> PublicationChoice:
    chosen = choose_publication(actor=actor_of(application_of(award).person), award=award, choice=choice, now=at)
    db.session.commit()
    return chosen


def make_letter(app: FundApp, award: Award) -> Letter:
    application = application_of(award)
    letter = Letter(
        call_id=award.call_id,
        kind=LetterKind.AWARD,
        decision_id=award.decision_id,
        application_id=application.id,
        person_id=application.person_id,
        reference=award.reference,
        language="en",
        queued_at=NOW,
    )
    db.session.add(letter)
    db.session.flush()
    finish_letter(app.extensions["storage"], letter, "sample")
    return letter


def everything(client: FlaskClient) -> str:
    """Return all that the public can read of awards."""
    pages = [
        client.get(address) for address in (PAGE, JSON, CSV, XML, "/open/policy", "/", "/common-grants/opportunities")
    ]
    return without_tokens("".join(page.text for page in pages))


def grants(client: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(client.get(JSON).data)["grants"]
    return found


def test_nothing_is_published_until_somebody_chose(signed_in: SignedIn) -> None:
    made = Round()
    award = made.give()
    client = signed_in(None)
    assert chosen_for(award) is Publication.WITHHELD
    assert application_of(award).organisation_name not in everything(client)
    assert {client.get(address).status_code for address in (JSON, CSV, XML)} == {404}
    assert "Nothing is published here" in client.get(PAGE).text


@pytest.mark.parametrize(
    ("choice", "read", "in_files"),
    [
        (Publication.FULL, {"name", "title", "amount"}, True),
        (Publication.NAME_ONLY, {"name"}, False),
        (Publication.REGION_ONLY, set(), False),
        (Publication.WITHHELD, set(), False),
    ],
)
def test_each_choice_publishes_what_it_says(signed_in: SignedIn, choice, read, in_files) -> None:
    award = Round().give(choice, amount=123_456, title="A title of its own")
    client = signed_in(None)
    page = client.get(PAGE).text
    texts = {
        "name": application_of(award).organisation_name,
        "title": "A title of its own",
        "amount": "1,234.56",
    }
    assert {name for name, text in texts.items() if text in page} == read
    assert (client.get(JSON).status_code == 200) is in_files
    if in_files:
        assert all(texts["name"] in client.get(address).text for address in (JSON, CSV, XML))


def test_nothing_is_published_in_the_first_days(signed_in: SignedIn) -> None:
    award = Round().give(Publication.FULL)
    with time_machine.travel(NOW + DAYS_BEFORE * DAY - timedelta(seconds=1), tick=False):
        assert application_of(award).organisation_name not in everything(signed_in(None))
    with time_machine.travel(NOW + DAYS_BEFORE * DAY, tick=False):
        assert application_of(award).organisation_name in everything(signed_in(None))


def test_a_choice_is_kept_with_its_text_and_can_be_changed_at_any_time(signed_in: SignedIn) -> None:
    award = Round().give()
    client, name = signed_in(None), application_of(award).organisation_name
    chosen = choose(award, Publication.FULL)
    first_id = chosen.public_id
    assert (chosen.text_sha256, chosen.language) == (text_sha256(question()), "en")
    assert chosen.chosen_by_id == application_of(award).person_id
    assert choose(award, Publication.FULL).version == 1
    assert name in everything(client)
    choose(award, Publication.WITHHELD)
    assert name not in everything(client)
    choose(award, Publication.FULL)
    assert (chosen.version, chosen.public_id) == (3, first_id)
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == chosen.id)).all()
    assert actions == ["publication:choose"] * 3
    kept = db.session.scalars(
        select(KeptVersion).where(KeptVersion.object_id == chosen.id).order_by(KeptVersion.number)
    ).all()
    assert [each.content["choice"] for each in kept if each.content] == ["full", "withheld", "full"]


def test_only_those_who_hold_the_application_choose(app: FundApp) -> None:
    award = Round().give()
    organisation = application_of(award).organisation
    assert organisation is not None
    friend = make_person()
    make_member(friend, organisation, MembershipRole.COLLABORATOR)
    for person in (friend, make_person(), make_staff(Role.MANAGER), make_staff(Role.ADMINISTRATOR)):
        with pytest.raises(NotAllowed):
            choose_publication(actor=actor_of(person), award=award, choice=Publication.FULL, now=NOW)
    with pytest.raises(NotAllowed):
        choose_publication(actor=system_actor(), award=award, choice=Publication.FULL, now=NOW)


def test_an_erased_application_is_published_no_more(signed_in: SignedIn) -> None:
    award = Round().give(Publication.FULL)
    client, name = signed_in(None), application_of(award).organisation_name
    assert name in everything(client)
    erase_application(actor=system_actor(), application=application_of(award), cause=ErasureCause.RETENTION, now=LATER)
    db.session.commit()
    assert name not in everything(client)
    chosen = db.session.scalars(select(PublicationChoice)).one()
    assert (chosen.choice, chosen.chosen_by_id) == (Publication.WITHHELD, None)
    with pytest.raises(NotAllowed):
        choose(award, Publication.FULL)


@pytest.mark.parametrize(
    "values",
    [{"is_protected": True, "pseudonym": "quiet river"}, {"erased_at": NOW}, {"organisation_name": ""}],
    ids=["protected", "erased", "without a name"],
)
def test_each_condition_holds_by_itself(signed_in: SignedIn, values: dict[str, Any]) -> None:
    award = Round().give(Publication.FULL)
    for name, value in values.items():
        setattr(application_of(award), name, value)
    client = signed_in(None)
    assert "Nothing is published here" in client.get(PAGE).text
    assert chosen_for(award) is Publication.WITHHELD


def test_whoever_was_protected_for_a_time_is_asked_again(signed_in: SignedIn) -> None:
    award = Round().give(Publication.FULL)
    client, name = signed_in(None), application_of(award).organisation_name
    make_protected(application_of(award))
    db.session.commit()
    with pytest.raises(Conflict):
        choose(award, Publication.FULL)
    assert name not in everything(client)
    first, second = actor_of(make_staff(Role.MANAGER)), actor_of(make_staff(Role.MANAGER))
    ask_to_lower(actor=first, application=application_of(award), reason="It is over.", now=LATER)
    confirm_lowering(actor=second, application=application_of(award), reason="It is.", now=LATER)
    db.session.commit()
    assert not application_of(award).is_protected
    assert chosen_for(award) is Publication.WITHHELD
    assert name not in everything(client)
    choose(award, Publication.FULL, at=LATER + DAY)
    assert name in everything(client)


def hide(made: Round) -> list[Award]:
    """Make awards of which nothing may be told: protected ones, withheld ones, one of which nobody chose."""
    return [
        made.give(Publication.FULL, protected=True, amount=7_777_700, title="Hidden one"),
        made.give(Publication.NAME_ONLY, protected=True, amount=7_777_700, title="Hidden two"),
        made.give(Publication.REGION_ONLY, protected=True, amount=7_777_700, title="Hidden three"),
        made.give(Publication.WITHHELD, amount=7_777_700, title="Hidden four"),
        made.give(amount=7_777_700, title="Hidden five"),
    ]


def test_row_123_hidden_awards_leave_no_trace_in_what_is_published(signed_in: SignedIn) -> None:
    made = Round(budget_minor=10**9)
    shown = [made.give(Publication.FULL, amount=10_000 + number) for number in range(3)]
    made.give(Publication.NAME_ONLY)
    for _number in range(5):
        made.give(Publication.REGION_ONLY, country="KE")
    client = signed_in(None)
    before = everything(client)
    hidden = hide(made)
    assert everything(client) == before
    for award in hidden:
        organisation = application_of(award).organisation
        assert organisation is not None
        texts = (organisation.name, award.reference, str(award.id), str(application_of(award).id), "77,777")
        assert not [text for text in texts if text in before]
    for award in shown:
        assert award.reference not in before, "references count up: a gap would tell"
        assert not [each for each in (award.id, award.decision_id, application_of(award).id) if str(each) in before]
    ids = [grant["id"] for grant in grants(client)]
    assert all(UUID(each.removeprefix("360G-sample-")).version == 4 for each in ids)
    assert ids == sorted(ids), "of one day, in the order of random ids"


def test_row_123_a_single_award_in_a_region_goes_with_others(signed_in: SignedIn) -> None:
    made = Round()
    for _number in range(5):
        made.give(Publication.REGION_ONLY, country="KE", amount=100_000)
    client = signed_in(None)
    assert "Eastern Africa" in client.get(PAGE).text
    made.give(Publication.REGION_ONLY, country="PE", amount=333_300)
    page = client.get(PAGE).text
    assert "South America" not in page
    assert "Eastern Africa" not in page, "with one more in all, who is not of Eastern Africa would be told apart"
    assert "6 awards, together US$8,333.00 (USD)" in page
    for _number in range(4):
        made.give(Publication.REGION_ONLY, country="NP", amount=100_000)
    page = client.get(PAGE).text
    assert re.search(r"Eastern Africa.*5 awards.*Other regions.*5 awards", page, re.DOTALL)
    assert "South" not in page
    assert "3,333" not in page


def test_row_123_a_few_awards_that_are_only_counted_are_told_nowhere(signed_in: SignedIn) -> None:
    made = Round()
    for _number in range(4):
        made.give(Publication.REGION_ONLY, country="KE", amount=100_000)
    made.give(Publication.REGION_ONLY, country="KE", amount=100_000, protected=True)
    page = signed_in(None).get(PAGE).text
    assert "only counted" not in page
    assert made.call.titles["en"] not in page


def test_what_is_public_is_the_same_for_everybody(signed_in: SignedIn) -> None:
    made = Round()
    award = made.give(Publication.FULL)
    manager = make_staff(Role.MANAGER)
    db.session.add(
        ConflictOfInterest(
            application_id=application_of(award).id,
            person_id=manager.id,
            source=ConflictSource.SET_BY_MANAGER,
            recorded_at=NOW,
        )
    )
    db.session.commit()
    stranger = signed_in(None)
    for person in (manager, application_of(award).person):
        client = signed_in(person)
        for address in (JSON, CSV, XML):
            assert client.get(address).data == stranger.get(address).data
        main = [re.search(r"<main.*</main>", each.get(PAGE).text, re.DOTALL) for each in (client, stranger)]
        assert main[0] is not None
        assert main[1] is not None
        assert main[0][0] == main[1][0]


def test_samples_stand_on_the_page_as_samples_and_in_no_file(signed_in: SignedIn) -> None:
    award = Round(is_sample=True).give(Publication.FULL)
    client = signed_in(None)
    page = client.get(PAGE).text
    assert application_of(award).organisation_name in page
    assert "Sample: not a real call" in page
    assert {client.get(address).status_code for address in (JSON, CSV, XML)} == {404}


def test_without_a_publisher_there_are_no_files(app: FundApp, signed_in: SignedIn) -> None:
    Round().give(Publication.FULL)
    object.__setattr__(app.extensions["settings"], "publisher", None)
    client = signed_in(None)
    assert {client.get(address).status_code for address in (JSON, CSV, XML)} == {404}
    assert JSON not in client.get(PAGE).text


def hostile_round() -> Round:
    """A round of awards in many scripts, currencies with other decimals, and names that would be something else."""
    names = ['=HYPERLINK("http://x")', "<script>&amp;]]>", "منظمة العدالة", "नेपाल न्याय", "@SUM(1)", 'A "quoted" name']
    made = Round(currency="KWD", award_terms={"period_months": 18})
    for number, name in enumerate(names):
        award = made.give(
            Publication.FULL,
            amount=1_000 + number,
            organisation_name=name,
            title=f"Title of {name}",
            country=["KE", "", "XK", "NP", "nowhere", "AQ"][number],
        )
        application_of(award).language = "fr" if number % 2 else "en"
    db.session.commit()
    return made


@pytest.mark.standards("360giving")
def test_the_package_of_grants_is_valid_by_the_official_schema(signed_in: SignedIn, standard: Path) -> None:
    hostile_round()
    package = json.loads(signed_in(None).get(JSON).data)
    assert giving_errors(standard, package) == []
    assert sorted(grant["amountAwarded"] for grant in package["grants"]) == [1, 1.001, 1.002, 1.003, 1.004, 1.005]
    package["grants"][0]["amountAwarded"] = "much"
    del package["grants"][1]["currency"]
    package["grants"][2]["awardDate"] = "yesterday"
    assert len(giving_errors(standard, package)) >= 3


@pytest.mark.standards("360giving")
def test_the_table_of_grants_is_the_package_to_another_program(
    signed_in: SignedIn, standard: Path, tmp_path: Path
) -> None:
    hostile_round()
    client = signed_in(None)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "grants.csv").write_bytes(client.get(CSV).data)
    schema = standard / "360-giving-schema.json"
    subprocess.run(
        [
            *(sys.executable, "-m", "flattentool.cli", "unflatten", str(tmp_path / "in"), "-f", "csv"),
            *("-o", str(tmp_path / "out.json"), "-m", "grants", "--root-id", "", "--id-name", "id"),
            *("--convert-titles", "--schema", str(schema)),
        ],
        check=True,
        capture_output=True,
    )
    read = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert giving_errors(standard, read) == []
    ours = {grant["id"]: grant for grant in grants(client)}
    assert [grant["id"] for grant in read["grants"]] == list(ours)
    for grant in read["grants"]:
        same = ours[grant["id"]]
        assert grant["amountAwarded"] == same["amountAwarded"]
        for name in ("title", "currency", "awardDate", "fundingOrganization", "grantProgramme", "plannedDates"):
            assert grant[name] == same[name]
        assert grant["recipientOrganization"][0]["name"].lstrip("'") == same["recipientOrganization"][0]["name"]


@pytest.mark.standards("360giving")
def test_the_workbook_of_grants_is_the_package_to_another_program(
    signed_in: SignedIn, standard: Path, tmp_path: Path
) -> None:
    hostile_round()
    client = signed_in(None)
    data = client.get("/open/awards.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert {cell.data_type for line in book.active.iter_rows() for cell in line} <= {"s", "n"}
    headings, *lines = book.active.iter_rows(values_only=True)
    assert {type(line[headings.index("Amount Awarded")]) for line in lines} <= {int, float}
    (tmp_path / "grants.xlsx").write_bytes(data)
    subprocess.run(
        [
            *(sys.executable, "-m", "flattentool.cli", "unflatten", str(tmp_path / "grants.xlsx"), "-f", "xlsx"),
            *("-o", str(tmp_path / "out.json"), "-m", "grants", "--root-id", "", "--id-name", "id"),
            *("--convert-titles", "--schema", str(standard / "360-giving-schema.json")),
        ],
        check=True,
        capture_output=True,
    )
    read = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert giving_errors(standard, read) == []
    ours = {grant["id"]: grant for grant in grants(client)}
    assert [grant["id"] for grant in read["grants"]] == list(ours)
    for grant in read["grants"]:
        same = ours[grant["id"]]
        for name in ("amountAwarded", "title", "currency", "awardDate", "fundingOrganization", "grantProgramme"):
            assert grant[name] == same[name]
        assert grant["recipientOrganization"][0]["name"] == same["recipientOrganization"][0]["name"]


def test_no_cell_of_the_table_is_a_formula(signed_in: SignedIn) -> None:
    hostile_round()
    rows = list(csv.DictReader(io.StringIO(signed_in(None).get(CSV).text)))
    names = {row["Recipient Org:Name"] for row in rows}
    assert {'\'=HYPERLINK("http://x")', "'@SUM(1)", 'A "quoted" name'} <= names


def test_activities_are_valid_by_the_official_schema_and_rules(signed_in: SignedIn) -> None:
    hostile_round()
    text = signed_in(None).get(XML).text
    is_valid, errors = IatiValidator().validate(text)
    assert is_valid, errors
    root = etree.fromstring(text.encode())
    assert len(root.findall("iati-activity")) == 6
    assert {each.get("code") for each in root.iter("recipient-country")} == {"KE", "XK", "NP"}
    assert sum(float(value.text or "") for value in root.iter("value")) == pytest.approx(6.015)
    is_valid, _errors = IatiValidator().validate(text.replace("<title>", "<tittle>").replace("</title>", "</tittle>"))
    assert not is_valid


@pytest.mark.standards("iati-codelists")
def test_codes_of_activities_stand_in_the_official_lists(signed_in: SignedIn, standard: Path) -> None:
    hostile_round()
    root = etree.fromstring(signed_in(None).get(XML).data)
    for element, attribute, file in (
        ("recipient-country", "code", "Country"),
        ("recipient-region", "code", "Region"),
        ("sector", "code", "Sector"),
        ("reporting-org", "type", "OrganisationType"),
        ("value", "currency", "Currency"),
    ):
        known = {code.text for code in etree.parse(standard / f"{file}.xml").iter("code")}
        used = {each.get(attribute) for each in root.iter(element)}
        assert used
        assert used <= known, element


def test_people_choose_on_the_page_of_their_letter(app: FundApp, signed_in: SignedIn) -> None:
    award = Round().give()
    letter = make_letter(app, award)
    client = signed_in(application_of(award).person)
    address = f"/letters/{letter.id}/publication"
    assert f'href="{address}"' in client.get(f"/letters/{letter.id}").text
    page = client.get(address).text
    assert re.search(r'<input[^>]* checked[^>]* value="withheld"|<input[^>]* value="withheld"[^>]* checked', page)
    for wrong in ({}, {"choice": "all"}):
        refused = client.post(address, data=wrong)
        assert (refused.status_code, chosen_for(award)) == (422, Publication.WITHHELD)
        assert "There is a problem" in refused.text
    answer = client.post(address, data={"choice": "name_only"}, follow_redirects=True)
    assert "Your choice is kept." in answer.text
    assert chosen_for(award) is Publication.NAME_ONLY
    assert "The name only" in client.get(f"/letters/{letter.id}").text


def test_people_of_a_protected_award_are_told_that_nothing_is_published(app: FundApp, signed_in: SignedIn) -> None:
    award = Round().give(protected=True)
    letter = make_letter(app, award)
    client = signed_in(application_of(award).person)
    page = client.get(f"/letters/{letter.id}/publication").text
    assert "Nothing about this award is published anywhere" in page
    assert '<form method="post" class="measure"' not in page
    assert client.post(f"/letters/{letter.id}/publication", data={"choice": "full"}).status_code == 409


def test_somebody_who_only_helps_to_write_reads_the_choice(app: FundApp, signed_in: SignedIn) -> None:
    award = Round().give(Publication.NAME_ONLY)
    letter = make_letter(app, award)
    organisation = application_of(award).organisation
    assert organisation is not None
    friend = make_person()
    make_member(friend, organisation, MembershipRole.COLLABORATOR)
    client = signed_in(friend)
    page = client.get(f"/letters/{letter.id}/publication").text
    assert "The name only" in page
    assert "Those who hold the application choose this." in page
    assert client.post(f"/letters/{letter.id}/publication", data={"choice": "full"}).status_code == 403


def test_public_pages_take_no_cookie_and_say_what_is_published(signed_in: SignedIn) -> None:
    Round().give(Publication.FULL)
    client = signed_in(None)
    for address in (PAGE, JSON, CSV, XML, "/open/policy"):
        assert "Set-Cookie" not in client.get(address).headers
    policy = client.get("/open/policy").text
    assert "GB-CHC-9999999" in policy
    assert "The part of the world only" in policy
    assert "/open/awards" in client.get("/").text
