"""Steps that are skipped, repeated, or taken for things of others. Rows: README.md."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, Submission
from fundapp.core.db import db
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, Letter, LetterStatus
from fundapp.review.models import AssignmentStatus, Decision, Outcome, Review, Slate, SlateStatus

from ..factories import NOW, make_application, make_decision, make_review, make_reviewer, make_slate, make_staff
from ..keyring import made_keys
from .crawl import fetch
from .world import Round, make_round

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ours(app: FundApp, clock) -> Round:
    clock.move_to(NOW)
    return make_round(app.extensions["storage"], "Ours-Canary", closed=True)


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def post(client: FlaskClient, path: str, **data: str) -> int:
    status = fetch(client, path, "POST", data=data).status_code
    db.session.rollback()
    return status


# Row 94: later forms are sent before their time


def test_row_94_nothing_is_released_that_was_not_decided_sent_and_ratified(signed_in, ours):
    manager, ratifier = signed_in(ours.people[Role.MANAGER]), signed_in(ours.people[Role.RATIFIER])
    call, (entry,) = f"/manage/{ours.call.slug}", ours.sent.entries
    entry_id = entry.id
    review = ours.assignments[0]
    review.status = AssignmentStatus.RECUSED
    make_review(entry, make_reviewer(ours.call), [5, 5])
    db.session.commit()

    assert post(ratifier, f"{call}/ratification", version="1") in (404, 409, 422)
    assert post(ratifier, f"{call}/ratification/send-back", reason="too early") in (404, 409, 422)
    assert post(manager, f"{call}/release") in (404, 409, 422)
    assert post(manager, f"{call}/selection/send") == 422
    assert (count(Slate), count(Decision), count(Award), count(Letter)) == (0, 0, 0, 0)

    assert post(manager, f"{call}/selection/{entry_id}", outcome="award", amount="100", version="0") == 302
    assert post(ratifier, f"{call}/ratification", version="1") in (404, 409, 422)
    assert post(manager, f"{call}/release") in (404, 409, 422)
    assert (count(Decision), count(Award), count(Letter)) == (1, 0, 0)

    assert post(manager, f"{call}/selection/send") == 302
    assert post(manager, f"{call}/release") in (409, 422)
    assert post(manager, f"{call}/ratification", version="1") == 403
    assert post(manager, f"{call}/selection/{entry_id}", outcome="decline", version="1") in (409, 422)
    assert post(manager, f"{call}/selection/{entry_id}/withdraw", version="1") in (409, 422)
    assert (count(Award), count(Letter)) == (0, 0)
    assert db.session.scalars(select(Decision.outcome)).one() is Outcome.AWARD

    assert post(ratifier, f"{call}/ratification", version="1") == 302
    assert post(ratifier, f"{call}/release") == 403
    assert post(manager, f"{call}/release") == 302
    assert (count(Award), count(Letter)) == (1, 1)
    assert post(manager, f"{call}/release") in (302, 409, 422)
    assert (count(Award), count(Letter)) == (1, 1), "and nothing twice"


@pytest.mark.parametrize("how", ["submit", "draft", "broken"])
def test_row_94_a_review_is_neither_written_nor_read_before_no_conflict_was_declared(signed_in, ours, how):
    assignment = ours.assignments[0]
    assignment.status, assignment.declared_at = AssignmentStatus.ASSIGNED, None
    (submission,) = ours.sent.submissions
    submission.answers = {**submission.answers, "plan": "Only readers see this plan."}
    client = signed_in(ours.people[Role.REVIEWER])
    fields = {"criterion_1": "5", "criterion_2": "5", "comment": "x", "version": "0"}
    match how:
        case "submit":
            fields["action"] = "submit"
        case "broken":
            fields["criterion_1"] = "99"
    answer = fetch(client, f"/reviews/{assignment.id}", "POST", data=fields)
    assert answer.status_code in (302, 403, 404, 409, 422)
    assert "Only readers see this plan." not in answer.text
    assert count(Review) == 0
    assert fetch(client, f"/reviews/{assignment.id}").status_code in (302, 404)
    assert post(client, f"/reviews/{assignment.id}/conflict", answer="none") == 302
    assert "Only readers see this plan." in fetch(client, f"/reviews/{assignment.id}").text


@pytest.mark.parametrize("status", [status for status in ApplicationStatus if status is not ApplicationStatus.DRAFT])
def test_row_88_and_94_what_is_being_read_is_not_changed_by_the_pages_of_a_draft(app, signed_in, clock, status):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary")
    sent = make_application(made.call, person=made.people[Role.APPLICANT], status=status, review_began_at=NOW)
    answers = dict(sent.answers)
    client = signed_in(made.people[Role.APPLICANT])
    for number in (1, 2):
        fields = {"q_title": "Changed later", "q_organisation": "Changed later", "seen": "", "leave": "1"}
        assert post(client, f"/applications/{sent.id}/sections/{number}", **fields) == 409
    assert post(client, f"/applications/{sent.id}/check", seen="") in (302, 409)
    db.session.expire_all()
    stored = db.session.get_one(Application, sent.id)
    assert (stored.status, stored.answers) == (status, answers)
    assert db.session.query(Submission).filter_by(application_id=sent.id).count() == 1


def test_row_94_an_empty_draft_is_not_sent(app, signed_in, clock):
    clock.move_to(NOW)
    made = make_round(app.extensions["storage"], "Ours-Canary")
    made.draft.answers = {}
    client = signed_in(made.people[Role.APPLICANT])
    page = fetch(client, f"/applications/{made.draft.id}/check").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert post(client, f"/applications/{made.draft.id}/check", seen=seen) == 422
    assert db.session.get_one(Application, made.draft.id).status is ApplicationStatus.DRAFT


# Row 13: one foreign thing among one's own


def test_row_13_a_letter_of_another_call_is_not_tried_again_along_with_ours(app, signed_in, clock):
    clock.move_to(NOW)
    ours, theirs = (make_round(app.extensions["storage"], mark, decided=True) for mark in ("Ours", "Theirs"))
    (mine,), (other,) = ours.letters, theirs.letters
    for letter in (mine, other):
        letter.status, letter.failure = LetterStatus.FAILED, "the logo is missing"
        letter.sha256 = letter.stored_as = letter.made_at = letter.first_opened_at = letter.content = None
    client = signed_in(ours.people[Role.MANAGER])
    path = f"/manage/{ours.call.slug}/letters/retry"
    for letters in ([mine.id, other.id], [other.id], [other.id, mine.id], ["x"], ["\x00"], [""]):
        status = fetch(client, path, "POST", data={"letter": [str(each) for each in letters]}).status_code
        assert status in (302, 400, 404), letters
        db.session.expire_all()
        assert other.status is LetterStatus.FAILED, letters
    everybody = make_staff(Role.MANAGER)
    crossed = signed_in(everybody)
    assert fetch(crossed, path, "POST", data={"letter": str(other.id)}).status_code == 404, "named under another call"
    db.session.expire_all()
    assert other.status is LetterStatus.FAILED


# Row 47 and 48: addresses that would write to others


@pytest.mark.parametrize(
    "email",
    [
        "a@example.org\r\nBcc: b@evil.example",
        "a@example.org\nSubject: x",
        "a@example.org, b@evil.example",
        "a@example.org;b@evil.example",
        '"Fund <fund@example.org>" <b@evil.example>',
        "<a@example.org>",
        "a@example.org%0aBcc:b@evil.example",
        "a@evil.example@example.org",
        "a@[127.0.0.1]",
        "a@localhost",
        "a@" + "b" * 250 + ".org",
        "a\x00@example.org",
        "a@exam\u202eple.org",
        "a@-example.org",
        "@",
        "a@",
    ],
    ids=lambda email: ascii(email)[:24],
)
def test_rows_47_and_48_what_is_not_one_plain_address_gets_no_mail(signed_in, ours, email):
    ours.call.closes_at = NOW.replace(year=2021)
    ours.call.invitation_only = False
    client = signed_in(None)
    for path in ("/sign-in/link", f"/calls/{ours.call.slug}/start"):
        assert fetch(client, path, "POST", data={"email": email}).status_code in (400, 422), path
    manager = signed_in(ours.people[Role.MANAGER])
    fields = {"email": email, "name": "Peer", "organisation": "Peers (sample)", "language": "en", "max_entries": "5"}
    answer = fetch(manager, f"/manage/{ours.call.slug}/reviewers", "POST", data=fields)
    assert answer.status_code in (400, 422)
    assert count(MailMessage) == 0


def test_rows_47_and_48_a_plain_address_is_taken_by_the_same_forms(signed_in, ours):
    ours.call.closes_at = NOW.replace(year=2021)
    client, manager = signed_in(None), signed_in(ours.people[Role.MANAGER])
    assert post(client, f"/calls/{ours.call.slug}/start", email="new@example.org") == 302
    assert post(client, "/sign-in/link", email="new@example.org") == 302
    fields = {"email": "p@example.org", "name": "P", "organisation": "Peers", "language": "en", "max_entries": "5"}
    assert post(manager, f"/manage/{ours.call.slug}/reviewers", **fields) == 302
    assert count(MailMessage) == 3


# Row 90: see also tests/integration/test_selection_races.py


def test_row_90_the_database_itself_refuses_more_than_the_budget(app, ours):
    slate = make_slate(ours.call, SlateStatus.OPEN)
    make_decision(slate, ours.sent.entries[0], amount_minor=ours.call.budget_minor)
    ours.call.committed_minor += 1
    with pytest.raises(Exception, match="within_budget"):
        db.session.flush()
    db.session.rollback()


# Row 125: settings that would open the house


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must have"),
        ({"SECRET_KEY": "dev"}, "SECRET_KEY must have"),
        ({"SECRET_KEY": "change me"}, "SECRET_KEY must have"),
    ],
)
def test_row_125_an_unsafe_secret_does_not_start(tmp_path, changes, expected):
    done = start(tmp_path, **changes)
    assert done.returncode != 0
    assert expected in done.stderr


def test_row_125_debugging_cannot_be_switched_on_from_outside(tmp_path):
    done = start(tmp_path, FLASK_DEBUG="1", FLASK_ENV="development", WERKZEUG_DEBUG_PIN="off", TESTING="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "False", "True"]


def start(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Make the application in a process of its own; print whether it debugs, tests, and checks form tokens."""
    program = (
        "from fundapp import create_app; app = create_app();"
        " print(app.debug, app.testing, app.config.get('WTF_CSRF_ENABLED', True))"
    )
    made_keys(folder)
    settings = {"SECRET_KEY": "a secret for tests, long enough to be one", "DATA_DIR": str(folder), "PATH": "/usr/bin"}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )
