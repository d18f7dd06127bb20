"""What a call lets reviewers see of who applies, and whether the organisations of reviewers may apply."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from fundapp.accounts.models import MembershipRole, TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.organisations import tie_to_organisation
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.form_engine.definition import Kind, Party, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, ApplicationStatus
from fundapp.applications.presentation.conflicts import BARS_OWN_ORGANISATION
from fundapp.applications.rules import ReviewersSee
from fundapp.applications.services.admission import READS_ITSELF, REVIEWERS_DO_NOT_APPLY
from fundapp.core.db import db
from fundapp.review.models import AssignmentStatus

from ..conftest import actor_of
from ..factories import (
    FORM,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_reviewer,
    make_staff,
)

pytestmark = pytest.mark.usefixtures("app")

OPEN_FORM = replace(
    FORM,
    questions=(
        replace(FORM.questions[0], identifies=False),
        *FORM.questions[1:],
        Question(name="country", kind=Kind.TEXT, label={"en": "Country"}, group=("about",), role=FormRole.COUNTRY),
        Question(name="host", kind=Kind.TEXT, label={"en": "Host"}, group=("about",), party=Party.FISCAL_HOST),
    ),
)
FACTS = {"organisation": "Kanarie House", "title": "Our Work Title", "country": "KE", "region": "north"}


@pytest.mark.parametrize(
    ("see", "shown"),
    [
        (ReviewersSee.REFERENCE, set()),
        (ReviewersSee.NAME, {"organisation", "country"}),
        (ReviewersSee.TITLE, {"organisation", "country", "title", "region"}),
    ],
)
def test_before_declaring_reviewers_see_what_the_call_shows(see, shown, signed_in):
    call = make_call(reviewers_see=see)
    application = make_application(
        call, organisation=make_organisation(FACTS["organisation"]), answers={"title": FACTS["title"]}
    )
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    client = signed_in(reviewer.person)
    words = {"organisation": "Kanarie House", "title": "Our Work Title", "country": "Kenya", "region": "north"}
    declaring = client.get(f"/reviews/{assignment.id}/conflict").get_data(as_text=True)
    assert {name for name, text in words.items() if text in declaring} == shown
    listed = client.get("/reviews").get_data(as_text=True)
    assert str(application.reference) in listed
    assert ("Kanarie House" in listed) is ("organisation" in shown)


@pytest.mark.parametrize("see", ReviewersSee)
def test_who_reads_blind_reads_of_nobody_who_stands_behind_an_application(see, signed_in):
    call = make_call(form=OPEN_FORM, reviewers_see=see)
    application = make_application(
        call,
        organisation=make_organisation("Kanarie House"),
        answers={"country": "Kanarie land", "host": "Kanarie host", "region": "north"},
    )
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer, AssignmentStatus.READING)
    text = signed_in(reviewer.person).get(f"/reviews/{assignment.id}").get_data(as_text=True)
    assert "We will hold open days" in text
    found = {name for name in ("house", "land", "host") if f"Kanarie {name}".casefold() in text.casefold()}
    assert found == (set() if see is ReviewersSee.REFERENCE else {"house", "land", "host"})


@pytest.mark.parametrize("is_barred", [True, False])
def test_an_organisation_whose_person_reads_is_told_before_it_begins(is_barred, signed_in, clock):
    clock.move_to(NOW)
    call = make_call(bars_reviewers_organisation=is_barred)
    organisation = make_organisation("Hill Trust")
    applicant = make_person()
    make_member(applicant, organisation, role=MembershipRole.APPLICANT)
    reviewer = make_reviewer(call)
    tie_to_organisation(actor=actor_of(reviewer.person), person=reviewer.person, name="HILL trust", now=NOW)
    client = signed_in(applicant)
    for path in (f"/calls/{call.slug}", f"/calls/{call.slug}/start"):
        assert (
            str(BARS_OWN_ORGANISATION) in client.get(path).get_data(as_text=True).replace("&#39;", "'")
        ) is is_barred
    answer = client.post(f"/calls/{call.slug}/start", data={})
    assert (str(READS_ITSELF) in answer.get_data(as_text=True).replace("&#39;", "'")) is is_barred
    assert (answer.status_code == 302) is not is_barred


@pytest.mark.parametrize("both", [True, False])
def test_who_reviews_for_a_call_starts_an_application_only_where_it_lets_people_be_both(both, signed_in, clock):
    clock.move_to(NOW)
    call, other = make_call(applicants_review=both), make_call(applicants_review=False)
    client = signed_in(make_reviewer(call).person)
    answer = client.post(f"/calls/{call.slug}/start", data={})
    told = str(REVIEWERS_DO_NOT_APPLY) in answer.get_data(as_text=True).replace("&#39;", "'")
    assert (told, answer.status_code == 302) == (not both, both)
    begun = db.session.scalars(select(Application.call_id)).all()
    assert begun == ([call.id] if both else [])
    assert client.post(f"/calls/{other.slug}/start", data={}).status_code == 302


def test_draft_that_comes_to_somebody_who_reviews_cannot_be_sent(signed_in, clock):
    clock.move_to(NOW)
    call = make_call()
    application = make_application(call, status=ApplicationStatus.DRAFT)
    client = signed_in(application.person)
    words = str(REVIEWERS_DO_NOT_APPLY)
    page = client.get(f"/applications/{application.id}/check").get_data(as_text=True)
    assert words not in page.replace("&#39;", "'")
    make_reviewer(call, person=application.person)
    page = client.get(f"/applications/{application.id}/check").get_data(as_text=True)
    assert words in page.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("kind", "until", "is_told"),
    [
        (TieKind.WORK, None, True),
        (TieKind.BOARD, NOW.date(), True),
        (TieKind.WORK, (NOW - timedelta(days=1)).date(), False),
        (TieKind.FAMILY, None, False),
    ],
)
def test_managers_see_where_somebody_of_the_organisation_reads(kind, until, is_told, signed_in, clock):
    clock.move_to(NOW)
    call = make_call(bars_reviewers_organisation=True)
    application, other = make_application(call), make_application(call)
    person = make_reviewer(call).person
    declare_tie(
        actor=actor_of(person),
        person=person,
        kind=kind,
        organisation=application.organisation_name,
        until_on=until,
        now=NOW,
    )
    client = signed_in(make_staff(Role.MANAGER))
    words = "Somebody of this organisation reads for this call"
    assert (words in client.get(f"/manage/applications/{application.id}").get_data(as_text=True)) is is_told
    assert words not in client.get(f"/manage/applications/{other.id}").get_data(as_text=True)
