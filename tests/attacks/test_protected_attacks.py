"""Looking for somebody in a protected application, on every page, in every mail and letter. Rows: README.md."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pikepdf
import pypdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import OrganisationInvitation, Person
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Choice, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, ApplicationStatus, Attachment
from fundapp.core import sealed_files
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Assignment, AssignmentStatus, SlateStatus
from fundapp.review.queries.reading import my_assignments

from ..conftest import actor_of
from ..factories import (
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_organisation,
    make_person,
    make_protected,
    make_reviewer,
    make_slate,
    make_staff,
)
from .crawl import Page, fetch, fetch_unparsed, visit
from .world import Round, make_paper, make_round

CANARY = "Kanarie"
"""Stands in everything that tells who the hidden applicants are or where; nothing else holds it."""
STAFF = [role for role in Role if role not in (Role.APPLICANT, Role.COLLABORATOR)]


def asked(name: str, role: FormRole) -> Question:
    return Question(name=name, kind=Kind.TEXT, label={"en": name.title()}, group=("about",), role=role)


ABOUT, *WORK = (each for each in FORM.questions if each.role is not FormRole.REGION)
FORM_OF_HIDDEN = replace(
    FORM,
    questions=(
        ABOUT,
        asked("region", FormRole.REGION),
        asked("country", FormRole.COUNTRY),
        asked("contact", FormRole.CONTACT_NAME),
        asked("mail", FormRole.EMAIL),
        asked("number", FormRole.REGISTRATION),
        *WORK,
    ),
)
ANSWERS = {
    "title": f"{CANARY} title",
    "region": f"{CANARY} region",
    "country": f"{CANARY} country",
    "contact": f"{CANARY} contact",
    "mail": f"{CANARY.lower()}-mail@example.org",
    "number": f"{CANARY} number",
}


@dataclass(frozen=True)
class Hidden:
    """A round in which one application is protected: who looks, and what could be found."""

    round: Round
    application: Application
    paper: Attachment
    assignment: Assignment
    people: dict[Role, Person]

    def objects(self) -> dict[str, list[Any]]:
        mine = {
            "application_id": self.application.id,
            "attachment_id": self.paper.id,
            "assignment_id": self.assignment.id,
            "entry_id": self.application.entries[0].id,
        }
        letters = db.session.scalars(select(Letter).where(Letter.application_id == self.application.id))
        objects = self.round.objects() | {
            "letter_id": [*self.round.objects()["letter_id"], *(each.id for each in letters)]
        }
        return {"person_id": [self.people[Role.MANAGER].id], "grant_id": [uuid4()]} | {
            name: [*each, mine[name]] if name in mine else each for name, each in objects.items()
        }


def make_hidden(app: FundApp, *, protected: bool = True) -> Hidden:
    storage = app.extensions["storage"]
    made = make_round(storage, "Plain", closed=True, form=FORM_OF_HIDDEN)
    applicant = make_person(f"{CANARY} person", email=f"{CANARY.lower()}@example.org")
    application = make_application(
        made.call,
        person=applicant,
        organisation=make_organisation(f"{CANARY} organisation"),
        answers=ANSWERS,
        country=f"{CANARY} country",
    )
    paper = make_paper(storage, application, f"{CANARY} paper")
    reviewer = made.people[Role.REVIEWER]
    if protected:
        make_protected(application)
    assignment = make_assignment(application.entries[0], made.assignments[0].reviewer, AssignmentStatus.READING)
    people: dict[Role, Person] = {Role.REVIEWER: reviewer, Role.APPLICANT: made.people[Role.APPLICANT]}
    for role in STAFF:
        people.setdefault(role, made.people.get(role) or make_staff(role))
    db.session.flush()
    return Hidden(made, application, paper, assignment, people)


def release(hidden: Hidden, run_jobs: Any) -> None:
    """Decide everything, release it, make the letters and send the mails."""
    call = hidden.round.call
    slate = make_slate(call, SlateStatus.RATIFIED)
    for application in (hidden.round.sent, hidden.application):
        make_decision(slate, application.entries[0])
    release_decisions(actor=actor_of(hidden.people[Role.MANAGER]), call=call, now=NOW)
    run_jobs()


@pytest.fixture
def hidden(app: FundApp, clock: Any) -> Hidden:
    clock.move_to(NOW)
    return make_hidden(app)


def holds_canary(data: bytes) -> bool:
    return CANARY.lower().encode() in data.lower()


def everything_said(page: Page) -> bytes:
    """Return a page with its headers; a file is read as far as it can be."""
    data: bytes = page.answer.data
    if page.answer.mimetype == "application/pdf" and data.count(b"%%EOF") and b"/Catalog" in data:
        data += text_and_metadata(data)
    elif data.startswith(b"PK"):
        data += unpacked(data)
    return data + str(page.answer.headers).encode()


def unpacked(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def text_and_metadata(data: bytes) -> bytes:
    reader = pypdf.PdfReader(io.BytesIO(data))
    text = " ".join(page.extract_text() for page in reader.pages)
    with pikepdf.open(io.BytesIO(data)) as document:
        metadata = bytes(document.Root.Metadata.read_bytes()) if "/Metadata" in document.Root else b""
        return f"{text} {reader.metadata} {document.docinfo}".encode() + metadata


def pages_of(app: FundApp, client: FlaskClient, role: Role | None, hidden: Hidden) -> Iterator[Page]:
    yield from visit(app, client, role, hidden.objects())
    slug = hidden.round.call.slug
    for search in ({"search": CANARY}, {"search": CANARY, "status": "eligible"}, {"search": "organisation"}):
        path = f"/manage/{slug}/applications"
        if role in (Role.MANAGER, Role.RATIFIER, Role.AUDITOR):
            answer = fetch(client, path, "POST", data=search)
            # what was searched for stands in the field again: that is no finding
            answer.set_data(answer.text.replace(f'value="{CANARY}"', ""))
            yield Page(next(iter(app.url_map.iter_rules("applications.managed_applications"))), path, answer)


@pytest.mark.parametrize("role", [None, Role.APPLICANT, *STAFF])
def test_row_05_and_116_nobody_finds_who_applies_on_any_page(app, signed_in, hidden, run_jobs, role):
    release(hidden, run_jobs)
    client = signed_in(hidden.people[role] if role else None)
    found = [page.path for page in pages_of(app, client, role, hidden) if holds_canary(everything_said(page))]
    assert found == []


@pytest.mark.parametrize("role", [Role.MANAGER, Role.REVIEWER, Role.RATIFIER, Role.AUDITOR, Role.CHAIR])
def test_row_116_the_same_pages_do_show_an_ordinary_application(app, signed_in, clock, run_jobs, role):
    """Otherwise the test above would prove nothing."""
    clock.move_to(NOW)
    ordinary = make_hidden(app, protected=False)
    release(ordinary, run_jobs)
    client = signed_in(ordinary.people[role])
    assert any(holds_canary(everything_said(page)) for page in pages_of(app, client, role, ordinary))


def test_row_116_after_an_opening_the_pages_are_as_silent_as_before(app, signed_in, hidden, run_jobs):
    release(hidden, run_jobs)
    client = signed_in(hidden.people[Role.MANAGER])
    path = f"/manage/applications/{hidden.application.id}/identity"
    opened = fetch(client, path, "POST", data={"what": "identity", "reason": "To call them back."})
    assert holds_canary(opened.data)
    for role in (Role.MANAGER, Role.AUDITOR):
        client = signed_in(hidden.people[role])
        found = [page.path for page in pages_of(app, client, role, hidden) if holds_canary(everything_said(page))]
        assert found == [], role


def test_row_116_mails_and_letters_name_nobody(app, hidden, run_jobs, mail_dir):
    release(hidden, run_jobs)
    mails = [path.read_bytes() for path in mail_dir.iterdir()]
    to_hidden = [mail for mail in mails if b"To: kanarie@example.org" in mail]
    assert to_hidden, "they are told"
    for mail in to_hidden:
        assert not holds_canary(mail.replace(b"To: kanarie@example.org", b""))
        assert str(hidden.application.reference).encode() not in mail
        assert str(hidden.application.pseudonym).encode() not in mail
    letter = db.session.scalars(select(Letter).where(Letter.application_id == hidden.application.id)).one()
    assert letter.file is not None
    data = sealed_files.read(app.extensions["storage"], letter.file)
    said = text_and_metadata(data)
    assert not holds_canary(data + said)
    assert str(hidden.application.pseudonym) in " ".join(said.decode(errors="replace").split())


@pytest.mark.parametrize("protected", [True, False])
def test_titles_and_addresses_of_pages_hold_no_personal_data(app, signed_in, clock, run_jobs, protected):
    """Of an ordinary application neither; and not on the applicants' own pages."""
    clock.move_to(NOW)
    hidden = make_hidden(app, protected=protected)
    release(hidden, run_jobs)
    people = {role: hidden.people[role] for role in STAFF} | {Role.APPLICANT: hidden.application.person}
    seen = 0
    for role, person in people.items():
        client = signed_in(person)
        for page in visit(app, client, role, hidden.objects()):
            if not page.is_html:
                continue
            tree = page.tree
            title = tree.find("head/title")
            assert title is not None
            assert not holds_canary((title.text or "").encode()), page.path
            addresses = [each.get(name, "") for each in tree.iter() for name in ("href", "src", "action")]
            assert not holds_canary(" ".join(addresses).encode()), page.path
            seen += len(addresses)
    assert seen > 100


def test_the_head_of_a_page_names_its_reader_without_an_address_and_people_at_risk_not_at_all(signed_in, hidden):
    def head(person: Person) -> str:
        return fetch(signed_in(person), "/home").text.split("<main", 1)[0]

    assert hidden.people[Role.MANAGER].name in head(hidden.people[Role.MANAGER])
    assert "@" not in head(make_person(""))
    assert CANARY not in head(hidden.application.person)


def test_a_list_of_ones_own_protected_applications_names_nobody(signed_in, hidden):
    client = signed_in(hidden.application.person)
    for path in ("/applications", f"/applications/{hidden.application.id}", "/letters", "/home"):
        page = fetch(client, path)
        assert page.status_code == 200
        assert not holds_canary(page.data), path


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER, Role.AUDITOR])
def test_row_14_a_search_for_what_is_hidden_finds_as_little_as_one_for_nothing(signed_in, hidden, role):
    client = signed_in(hidden.people[role])
    path = f"/manage/{hidden.round.call.slug}/applications"

    def answer(text: str) -> str:
        return fetch_unparsed(client, path, "POST", data={"search": text}).text.replace(text, "")

    nothing = answer("Nobody-has-this")
    assert nothing.count("Nothing was found.") == 1
    for text in (CANARY, hidden.application.person.email, "organisation", "region", "title", "country"):
        found = answer(text)
        assert str(hidden.application.reference) not in found, text
    assert answer(CANARY) == nothing
    assert str(hidden.application.reference) in answer(str(hidden.application.pseudonym).split(" ")[0])


def test_row_14_lists_are_ordered_by_nothing_that_is_hidden(signed_in, app, clock):
    """The same list, byte for byte, whatever the hidden facts are."""
    clock.move_to(NOW)
    call = make_call()
    application = make_protected(make_application(call))
    others = [make_application(call) for _ in range(3)]
    client = signed_in(make_staff(Role.MANAGER))
    paths = [f"/manage/{call.slug}/{page}" for page in ("applications", "tally", "selection", "assignment")]

    def seen() -> list[bytes]:
        search = fetch_unparsed(client, paths[0], "POST", data={"search": "zz"})
        return [search.data, *(fetch_unparsed(client, path).data for path in paths)]

    before = seen()
    assert all(str(application.pseudonym).encode() in data for data in before[1:])
    assert all(str(other.reference).encode() in data for other in others for data in before[1:])
    for name in ("Aaaa", "Zzzz"):
        application.organisation_name = application.title = application.region = application.country = name
        db.session.commit()
        assert seen() == before


@pytest.mark.parametrize("protected", [True, False])
def test_row_05_nothing_tells_which_open_application_comes_from_the_same_people(signed_in, protected):
    """A manager could type in an application with a name and an address, to be told whose the hidden one is."""
    call = make_call()
    ordinary = make_application(call)
    other = make_application(call, person=ordinary.person, organisation=ordinary.organisation)
    if protected:
        make_protected(other)
    db.session.commit()
    client = signed_in(make_staff(Role.MANAGER))
    pages = {each: fetch(client, f"/manage/applications/{each.id}").text for each in (ordinary, other)}
    assert all(("May be there twice" in page) is not protected for page in pages.values())
    assert (f"/manage/applications/{other.id}" in pages[ordinary]) is not protected
    found = fetch(client, f"/manage/{call.slug}/applications?waiting=twice").text
    assert [str(each.reference) in found for each in (ordinary, other)] == [not protected] * 2


def test_row_05_what_is_computed_from_a_hidden_answer_stands_in_no_list(signed_in):
    place = Question(
        name="place", kind=Kind.SELECT_ONE, label={"en": "Place"}, group=("about",), in_lists=True,
        default="${region}", default_is_expression=True, choices=(Choice(CANARY, {"en": CANARY}),),
    )  # fmt: skip
    call = make_call(form=replace(FORM_OF_HIDDEN, questions=(ABOUT, *FORM_OF_HIDDEN.questions[1:2], place, *WORK)))
    answers = {"region": CANARY, "place": CANARY}
    application = make_application(call, answers=answers)
    client = signed_in(make_staff(Role.MANAGER))
    paths = [f"/manage/{call.slug}/applications{ending}" for ending in ("", ".csv", ".xlsx")]

    def told() -> list[bool]:
        answers = [fetch(client, path, "POST") for path in paths]
        assert {answer.status_code for answer in answers} == {200}
        texts = [unpacked(answer.data) if answer.data.startswith(b"PK") else answer.data for answer in answers]
        return [holds_canary(text) for text in texts]

    assert told() == [True, True, True]
    make_protected(application)
    db.session.commit()
    assert told() == [False, False, False]


def test_row_124_each_reviewer_has_an_order_of_their_own(app, clock):
    clock.move_to(NOW)
    call = make_call()
    entries = [make_application(call).entries[0] for _ in range(12)]
    orders = []
    for _ in range(4):
        reviewer = make_reviewer(call)
        for entry in entries:
            make_assignment(entry, reviewer)
        given = my_assignments(actor=actor_of(reviewer.person))
        assert given == my_assignments(actor=actor_of(reviewer.person)), "the same each time"
        orders.append(tuple(each.entry_id for each in given))
    assert {frozenset(order) for order in orders} == {frozenset(entry.id for entry in entries)}
    assert len(set(orders)) == 4, "four reviewers, four orders"


def test_leaving_shows_an_empty_page_and_the_browser_forgets(signed_in, hidden):
    client = signed_in(hidden.application.person)
    page = fetch(client, "/applications")
    assert 'href="/leave?end=1"' in page.text
    left = fetch(client, "/leave?end=1", headers={"Sec-Fetch-Site": "same-origin"})
    assert left.status_code == 200
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Grassroots" not in left.text
    assert "<img" not in left.text
    assert fetch(client, "/applications").status_code == 302, "to the page for signing in"


def test_another_site_cannot_make_somebody_leave(signed_in, hidden):
    client = signed_in(hidden.application.person)
    for site in ("cross-site", "same-site", "none"):
        left = fetch(client, "/leave?end=1", headers={"Sec-Fetch-Site": site})
        assert "Clear-Site-Data" not in left.headers
    assert fetch(client, "/applications").status_code == 200


def ask_in(client: FlaskClient, application: Application) -> int:
    """Let the fund help the people of an application by inviting somebody."""
    data = {"email": "mole@example.org", "reason": "I called their office."}
    return fetch(client, f"/manage/applications/{application.id}/help", "POST", data=data).status_code


@pytest.mark.parametrize("status", [ApplicationStatus.SUBMITTED, ApplicationStatus.DRAFT])
@pytest.mark.parametrize("protected", [True, False])
def test_help_with_an_ordinary_application_opens_no_other_that_it_must_not(app, signed_in, status, protected):
    """Neither a protected one, which only its own people open to anybody, nor one of a call of other managers."""
    call = make_call()
    ordinary = make_application(call)
    other = make_application(
        call if protected else make_call(), organisation=ordinary.organisation, person=ordinary.person, status=status
    )
    if protected:
        make_protected(other)
    manager = signed_in(make_staff(Role.MANAGER, call))
    assert ask_in(manager, ordinary) == 409
    assert db.session.scalars(select(OrganisationInvitation)).all() == []


def test_help_goes_on_where_the_manager_may_help_with_every_application(app, signed_in):
    call = make_call()
    ordinary = make_application(call)
    make_application(make_call(), organisation=ordinary.organisation, person=ordinary.person)
    assert ask_in(signed_in(make_staff(Role.MANAGER)), ordinary) == 302


def mole_asked_in(signed_in: Any, application: Application) -> tuple[FlaskClient, OrganisationInvitation]:
    """Return somebody whom the fund has invited to the organisation of an application, and their invitation."""
    assert ask_in(signed_in(make_staff(Role.MANAGER)), application) == 302
    invitation = db.session.scalars(select(OrganisationInvitation)).one()
    return signed_in(invitation.person), invitation


def test_protecting_ends_what_the_fund_has_asked_and_leaves_what_holders_have(app, signed_in):
    application = make_application(make_call())
    mole, invitation = mole_asked_in(signed_in, application)
    holder = signed_in(application.person)
    root = f"/applications/{application.id}"
    colleague = {"email": "colleague@example.org", "role": "applicant"}
    assert fetch(holder, f"{root}/people/invite", "POST", data=colleague).status_code == 302
    assert fetch(holder, f"{root}/protection", "POST").status_code == 302
    db.session.expire_all()
    assert application.is_protected
    left = db.session.scalars(select(OrganisationInvitation).filter_by(withdrawn_at=None)).one()
    assert left.person.email == "colleague@example.org"
    entries = db.session.scalars(select(AuditEntry).filter_by(action="organisation:withdraw")).all()
    assert [entry.object_id for entry in entries] == [invitation.id]
    assert fetch(mole, f"/invitations/{invitation.id}", "POST").status_code == 409
    assert fetch(mole, f"{root}/copy").status_code == 404
    colleague_client = signed_in(left.person)
    assert fetch(colleague_client, f"/invitations/{left.id}", "POST").status_code == 302
    assert fetch(colleague_client, f"{root}/copy").status_code == 200


def test_what_the_fund_has_asked_is_over_where_an_application_is_protected_in_whatever_way(app, signed_in):
    ordinary = make_application(make_call())
    mole, invitation = mole_asked_in(signed_in, ordinary)
    make_application(
        make_call(),
        organisation=ordinary.organisation,
        person=ordinary.person,
        status=ApplicationStatus.DRAFT,
        is_protected=True,
        pseudonym="quiet river",
    )
    assert fetch(mole, f"/invitations/{invitation.id}", "POST").status_code == 409
    assert fetch(mole, f"/applications/{ordinary.id}").status_code == 404
