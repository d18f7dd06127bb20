"""The deadline: the second before and at it, an upload that runs into it, a deadline that moves. Rows: rows.csv."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, Attachment, DeadlineExtension, Submission
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.web import FundApp

from ..factories import ANSWERS, CLOSES, NOW, make_application, make_call, make_staff
from ..sample_files import PDF
from .crawl import fetch
from .test_input_attacks import upload
from .world import Round, make_round

SECOND = timedelta(seconds=1)


@pytest.fixture
def drafts(app: FundApp, clock) -> list[Application]:
    clock.move_to(NOW)
    call = make_call()
    return [make_application(call, status=ApplicationStatus.DRAFT) for _ in range(3)]


def send(signed_in: Any, draft: Application) -> int:
    client = signed_in(draft.person)
    page = fetch(client, f"/applications/{draft.id}/check").text
    seen = page.split('name="seen" value="')[1].split('"')[0] if 'name="seen"' in page else ""
    return fetch(client, f"/applications/{draft.id}/check", "POST", data={"seen": seen}).status_code


@pytest.mark.parametrize(
    ("before_the_deadline", "status"),
    [(SECOND, 302), (timedelta(microseconds=1), 302), (timedelta(0), 409), (-SECOND, 409)],
)
def test_row_83_the_moment_of_arrival_decides_and_stands_on_the_receipt(
    signed_in, clock, drafts, before_the_deadline, status
) -> None:
    clock.move_to(CLOSES - timedelta(minutes=10))
    draft = drafts[0]
    client = signed_in(draft.person)
    page = fetch(client, f"/applications/{draft.id}/check").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    clock.move_to(CLOSES - before_the_deadline)
    assert fetch(client, f"/applications/{draft.id}/check", "POST", data={"seen": seen}).status_code == status
    sent = db.session.scalars(select(Submission.submitted_at)).all()
    assert sent == ([CLOSES - before_the_deadline] if status == 302 else [])
    if sent:
        assert f"{sent[0]:%H:%M}" in fetch(client, f"/applications/{draft.id}").text


def test_row_85_a_later_deadline_is_for_everybody_and_on_record(signed_in, clock, drafts) -> None:
    call = drafts[0].call
    manager = make_staff(Role.MANAGER, call)
    clock.move_to(CLOSES + SECOND)
    assert send(signed_in, drafts[0]) == 409
    later = {"closes_on-day": "5", "closes_on-month": "10", "closes_on-year": "2020", "closes_time": "18:00"}
    fields = later | {"reason_en": "The network was down.", "reason_fr": "Le réseau était coupé."}
    path = f"/manage/{call.slug}/deadline"
    assert fetch(signed_in(manager), path, "POST", data=fields).status_code == 302
    (extension,) = db.session.scalars(select(DeadlineExtension))
    assert (extension.closed_at_before, extension.extended_by_id) == (CLOSES, manager.id)
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == "call:extend")).one()
    assert [send(signed_in, draft) for draft in drafts] == [302] * 3
    assert "The network was down." in fetch(signed_in(None), f"/calls/{call.slug}").text


def test_row_86_an_upload_that_runs_into_the_deadline_is_kept_and_nothing_is_sent(app, signed_in, clock) -> None:
    clock.move_to(NOW)
    made: Round = make_round(app.extensions["storage"], "Ours-Canary", closes_at=NOW + SECOND)
    made.draft.answers = dict(ANSWERS)
    client = signed_in(made.people[Role.APPLICANT])
    clock.shift(SECOND)
    assert upload(app, client, made, "annexe.pdf", PDF).status_code == 302
    kept = db.session.scalars(select(Attachment).where(Attachment.application_id == made.draft.id)).all()
    assert [attachment.filename for attachment in kept] == ["annexe.pdf"]
    page = fetch(client, f"/applications/{made.draft.id}/check")
    assert "annexe.pdf" in page.text
    assert send(signed_in, made.draft) == 409
    assert db.session.get_one(Application, made.draft.id).status is ApplicationStatus.DRAFT
