"""What hurt the users of other tools once they had sent something; the numbers are those of our list of lessons."""

import re
from datetime import timedelta
from difflib import unified_diff
from typing import Any

import pytest
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, CallStatus, Submission
from fundapp.applications.services.drafts import fingerprint
from fundapp.core.db import db
from fundapp.review.models import AssignmentStatus, SlateStatus
from tests.conftest import NOW
from tests.factories import (
    ANSWERS,
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)
from tests.integration.test_submitting import with_answers

pytestmark = pytest.mark.usefixtures("app")
YEARS_LATER = CLOSES + timedelta(days=800)


@pytest.fixture
def draft(clock) -> Application:
    clock.move_to(NOW)
    return with_answers(make_application(make_call(), status=ApplicationStatus.DRAFT))


def send(signed_in: Any, application: Application) -> Any:
    """Send an application from its page, as its person does."""
    client, path = signed_in(application.person), f"/applications/{application.id}/check"
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(path).text)
    assert seen is not None
    assert seen[1] == fingerprint(application.answers)
    return client.post(path, data={"seen": seen[1]})


def test_peers_06_a_receipt_never_says_draft(signed_in, run_jobs, mail_dir, draft) -> None:
    assert "Draft" in str(draft.status).title(), "it is one until then"
    assert send(signed_in, draft).status_code == 302
    db.session.rollback()
    (submission,) = db.session.scalars(select(Submission)).all()
    page = signed_in(draft.person).get(f"/applications/{draft.id}").text
    run_jobs()
    (mail,) = [file.read_text() for file in mail_dir.iterdir()]
    listed = signed_in(draft.person).get("/applications").text
    for told in (page, mail, listed):
        assert draft.reference in told
        assert "draft" not in told.casefold()
        assert "Not sent yet" not in told
    for told in (page, mail):
        assert submission.content_sha256 in told.replace("=\n", "")
        assert "15:00" in told, "the time in Nairobi"
        assert "12:00" in told, "and in UTC"
    assert "Received" in page


def test_peers_14_there_is_a_copy_of_every_version_that_was_sent(signed_in, draft) -> None:
    assert send(signed_in, draft).status_code == 302
    draft.answers = {**draft.answers, "plan": "A second plan"}
    draft.edited_at = NOW
    assert send(signed_in, draft).status_code == 302
    client, path = signed_in(draft.person), f"/applications/{draft.id}/copy"
    for version, plan, other in ((1, ANSWERS["plan"], "A second plan"), (2, "A second plan", ANSWERS["plan"])):
        for ending in ("", ".txt"):
            copy = client.get(f"{path}{ending}?version={version}")
            assert plan in copy.text
            assert other not in copy.text
        assert client.get(f"{path}.pdf?version={version}").data.startswith(b"%PDF-")
    assert "A second plan" in client.get(path).text, "the last one, where none is named"
    for nonsense in ("0", "3", "-1", "999999999999999999999"):
        assert client.get(f"{path}?version={nonsense}").status_code == 404


def test_peers_16_the_pdf_is_there_again_at_any_time(signed_in, clock, draft) -> None:
    assert send(signed_in, draft).status_code == 302
    path = f"/applications/{draft.id}/copy.pdf"
    first = signed_in(draft.person).get(path)
    clock.move_to(YEARS_LATER)
    draft.call.status, draft.call.decided_at = CallStatus.DECIDED, YEARS_LATER
    again = signed_in(draft.person).get(path)
    assert again.status_code == 200
    assert again.data == first.data, "the same words, so the same bytes"
    assert path in signed_in(draft.person).get(f"/applications/{draft.id}").text, "and the page leads there"


STATUSES = ["submitted", "eligible", "reading", "reviewed", "ineligible", "decided", "withdrawn"]


@pytest.mark.parametrize("stage", STATUSES)
def test_its_people_learn_where_it_stands_and_never_who_reads_it_or_how_many(signed_in, clock, stage: str) -> None:
    clock.move_to(NOW)
    values: dict[str, Any] = {"status": CallStatus.DECIDED, "decided_at": NOW} if stage == "decided" else {}
    call = make_call(**values, reviews_per_entry=7919)
    status = {"submitted": "submitted", "ineligible": "ineligible", "withdrawn": "withdrawn"}.get(stage, "eligible")
    application = make_application(call, status=ApplicationStatus(status))
    application.eligibility_by_id = make_staff(Role.MANAGER, call, name="Checker-Canary").id if (
        application.eligibility_at
    ) else None  # fmt: skip
    (entry,) = application.entries
    canaries = ["Checker-Canary", "Reader-Canary", "Comment-Canary", "Reason-Canary", "7919"]
    for number in range(3):
        reader = make_person(f"Reader-Canary {number}", email=f"reader{number}@canary.org")
        reviewer = make_reviewer(call, person=reader)
        if stage in ("reviewed", "decided"):
            make_review(entry, reviewer, [5, 1], comment="Comment-Canary")
        elif stage in ("eligible", "reading"):
            make_assignment(
                entry, reviewer, AssignmentStatus.READING if stage == "reading" else AssignmentStatus.ASSIGNED
            )
    if stage == "decided":
        make_decision(make_slate(call, SlateStatus.RELEASED), entry).reason = "Reason-Canary"
    client = signed_in(application.person)
    pages = {path: client.get(path).text for path in (f"/applications/{application.id}", "/applications")}
    words = {
        "submitted": "We look whether it fits the call.",
        "eligible": "Peers read and score what fits the call, each alone.",
        "reading": "Peers read and score what fits the call, each alone.",
        "reviewed": "Peers read and score what fits the call, each alone.",
        "ineligible": "You will hear from us, whatever is decided.",
        "decided": "Your letters",
        "withdrawn": "You took it back.",
    }
    assert words[stage] in pages[f"/applications/{application.id}"]
    for path, page in pages.items():
        visible = re.sub(r"<[^>]+>|[0-9a-f]{64}|GJF-\d+-\d+|Call \d+|Organisation \d+", " ", page)
        for canary in (*canaries, "canary.org"):
            assert canary not in visible, path
        assert not re.search(r"\b\d+ (reviewers?|reviews?|readers?|of \d+)\b", visible), path


def test_the_pages_of_an_eligible_application_are_the_same_however_far_its_readers_are(signed_in, clock) -> None:
    clock.move_to(NOW)
    shown = set()
    for state in (None, AssignmentStatus.ASSIGNED, AssignmentStatus.READING):
        call = make_call()
        application = make_application(call, review_began_at=NOW)
        if state is not None:
            make_assignment(application.entries[0], make_reviewer(call), state)
        page = signed_in(application.person).get(f"/applications/{application.id}").text
        main = page[page.index("<main") : page.index("</main>")]
        shown.add(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|GJF-\d+-\d+|Call \d+|Organisation \d+", "#", main))
    assert len(shown) == 1, sorted(shown)


@pytest.mark.parametrize("passed", [False, True], ids=["before the deadline", "after the deadline"])
def test_nothing_tells_whether_it_fits_the_call_until_decisions_are_out(signed_in, clock, passed: bool) -> None:
    clock.move_to(CLOSES + timedelta(days=3) if passed else NOW)
    paths = ("", "/edit", "/check", "/copy", "/copy.txt", "list")
    ours = r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|GJF-\d+-\d+|(Call|Organisation|Applicant) \d+|/calls/[\w-]+"
    ours += r"|[\w-]+\.[\w-]+\.[\w-]{27}"  # tokens of forms
    shown: list[dict[str, tuple[int, list[str]]]] = []
    for status in (ApplicationStatus.ELIGIBLE, ApplicationStatus.INELIGIBLE):
        is_read = passed and status is ApplicationStatus.ELIGIBLE
        application = make_application(make_call(), status=status, review_began_at=NOW if is_read else None)
        client, own = signed_in(application.person), f"/applications/{application.id}"
        pages = {path: client.get("/applications" if path == "list" else own + path) for path in paths}
        shown.append(
            {path: (page.status_code, re.sub(ours, "#", page.text).splitlines()) for path, page in pages.items()}
        )
    fits, fits_not = shown
    for path in paths:
        assert fits[path][0] == fits_not[path][0], path
        assert list(unified_diff(fits[path][1], fits_not[path][1], n=0)) == [], path
    assert [fits[path][0] for path in ("", "/copy", "/copy.txt", "list")] == [200] * 4
    assert "It works in another field." not in str(shown), "the reason that staff wrote"


def test_what_does_not_fit_is_not_said_to_have_been_read_once_decisions_are_out(signed_in, clock) -> None:
    clock.move_to(NOW)
    call = make_call(status=CallStatus.DECIDED, decided_at=NOW)
    application = make_application(call, status=ApplicationStatus.INELIGIBLE)
    page = signed_in(application.person).get(f"/applications/{application.id}").text
    assert "Peers read and score" not in page
