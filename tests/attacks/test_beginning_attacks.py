"""Attacks on what comes before an application: guessed links, floods, other people's drafts, leaks to reviewers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts import limits
from fundapp.accounts.limits import LIMITS
from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import (
    Application,
    Call,
    CallInvitation,
    CallStatus,
    ConflictOfInterest,
    ConflictSource,
    DraftOffer,
    Enquiry,
    Nomination,
)
from fundapp.core.db import db

from ..conftest import actor_of
from ..factories import NOW, make_application, make_assignment, make_call, make_person, make_reviewer, make_staff
from ..integration.test_before_applying import ask, invite, nominate
from ..integration.test_beginning import begin


def open_prize(**values: Any) -> Call:
    now = datetime.now(UTC)
    times: dict[str, Any] = {
        "nominations_open_at": now - timedelta(days=2),
        "nominations_close_at": now + timedelta(days=3),
    }
    call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=20), **times, **values)
    db.session.commit()
    return call


def count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_row_25_a_flood_of_beginnings_is_bounded_and_shuts_no_other_way_in(app, monkeypatch):
    monkeypatch.setattr(limits, "BEGINNINGS", replace(limits.BEGINNINGS, address=1000, everybody=5))
    call = open_prize()
    answers = [begin(app.test_client(), call).status_code for _ in range(9)]
    assert answers == [302] * 5 + [429] * 4
    assert count(Application) == count(Person) == 5
    client = app.test_client()
    assert client.post(f"/calls/{call.slug}/start", data={"email": "a@example.org"}).status_code == 302
    assert client.post("/sign-in/without-mail").status_code == 200


@pytest.mark.parametrize(("limit", "path", "table"), [("nominate", "nominate", Nomination), ("ask", "ask", Enquiry)])
def test_row_25_a_flood_of_nominations_and_questions_is_bounded(app, monkeypatch, limit, path, table):
    monkeypatch.setitem(LIMITS, limit, replace(LIMITS[limit], address=3))
    call = open_prize()
    data = {"name": "N", "contact": "c", "why": "w", "text": "t"}
    answers = [app.test_client().post(f"/calls/{call.slug}/{path}", data=data).status_code for _ in range(5)]
    assert answers == [302] * 3 + [429] * 2
    assert count(table) == 3


def test_row_02_and_21_links_that_are_guessed_and_those_of_draft_calls_lead_nowhere(app):
    client = app.test_client()
    call = open_prize()
    link = ask(client, call)
    call.status = CallStatus.DRAFT
    db.session.commit()
    guessed = client.get("/questions/" + "a" * 64)
    hidden = client.get(link)
    assert guessed.status_code == hidden.status_code == 404
    (row,) = db.session.scalars(select(Enquiry)).all()
    assert link.rpartition("/")[2] not in str(vars(row)), "the token is stored nowhere"
    assert client.get(f"/questions/{row.id}").status_code == 404, "the id of a question is no link"
    assert client.get(f"/questions/{row.token_hash}").status_code == 404


def test_row_01_somebody_elses_offer_and_draft_are_answered_like_nothing(app, signed_in):
    call = open_prize()
    client = app.test_client()
    tasks = begin(client, call).location
    victim = make_person()
    db.session.commit()
    client.post(f"{tasks}/keep", data={"email": victim.email})
    (offer,) = db.session.scalars(select(DraftOffer)).all()
    thief = signed_in(make_person())
    for path in (tasks, f"{tasks}/keep", f"{tasks}/keep/sent", f"{tasks}/earlier"):
        assert thief.get(path).status_code == 404, path
    for data in ({"offer": str(offer.id)}, {"offer": str(offer.id), "decline": "1"}, {"offer": "x"}, {}):
        assert thief.post("/drafts", data=data).status_code == 404, data
    for path in (f"{tasks}/keep", f"{tasks}/keep/words", f"{tasks}/earlier"):
        assert thief.post(path, data={"email": "thief@example.org"}).status_code == 404, path
    assert count(DraftOffer) == 1


def test_row_16_an_account_never_gets_into_the_hands_of_whoever_offers_it_a_draft(app, signed_in):
    """Whoever begins and gives the address of a victim keeps a session that is nobody's once the victim takes it."""
    call = open_prize()
    attacker = app.test_client()
    tasks = begin(attacker, call).location
    victim = make_person("Victim Sample")
    secret = make_application(make_call(), person=victim)
    db.session.commit()
    attacker.post(f"{tasks}/keep", data={"email": victim.email})
    (offer,) = db.session.scalars(select(DraftOffer)).all()
    assert signed_in(victim).post("/drafts", data={"offer": str(offer.id)}).status_code == 302
    for path in ("/applications", tasks, f"/applications/{secret.id}", "/account"):
        answer = attacker.get(path)
        assert "Victim" not in answer.text
        assert answer.status_code in (302, 404), path


def test_row_05_reviewers_and_nominees_read_nothing_of_nominators_and_askers(app, signed_in):
    call = open_prize()
    client = app.test_client()
    ask(client, call, text="Asker-Canary", email="asker-canary@example.org")
    nominate(client, call, name="Named", nominator_name="Nominator-Canary", nominator_contact="Reach-Canary")
    application = make_application(call)
    reviewer = make_reviewer(call)
    assignment = make_assignment(application.entries[0], reviewer)
    people = [reviewer.person, application.person]
    people += [make_staff(role, call) for role in (Role.CHAIR, Role.RATIFIER, Role.FINANCE, Role.AUDITOR)]
    for person in people:
        visitor = signed_in(person)
        for path in (
            "/", f"/calls/{call.slug}", f"/manage/{call.slug}", f"/manage/{call.slug}/history", "/reviews",
            f"/reviews/{assignment.id}", f"/applications/{application.id}", f"/manage/{call.slug}/nominations",
            f"/manage/{call.slug}/questions", f"/manage/{call.slug}/invitations",
        ):  # fmt: skip
            assert "anary" not in visitor.get(path).text, path


def test_row_14_a_question_from_an_application_in_conflict_is_hidden_from_that_manager(app, signed_in):
    call = open_prize()
    application = make_application(call)
    db.session.commit()
    asker = signed_in(application.person)
    ask(asker, call, text="Asker-Canary")
    (enquiry,) = db.session.scalars(select(Enquiry)).all()
    assert enquiry.application_id == application.id
    tied, free = make_staff(Role.MANAGER, call), make_staff(Role.MANAGER, call)
    db.session.add(
        ConflictOfInterest(
            application_id=application.id, person_id=tied.id, source=ConflictSource.SET_BY_MANAGER, recorded_at=NOW
        )
    )
    db.session.commit()
    pages = [f"/manage/{call.slug}/questions", f"/manage/{call.slug}/questions/{enquiry.id}"]
    assert ["Asker-Canary" in signed_in(free).get(page).text for page in pages] == [True, True]
    assert [signed_in(tied).get(page).status_code for page in pages] == [200, 404]
    assert "Asker-Canary" not in signed_in(tied).get(pages[0]).text


def test_row_12_an_invitation_of_another_call_is_not_mailed_from_ours(signed_in):
    ours, theirs = open_prize(), open_prize()
    foreign = invite(theirs)
    manager = signed_in(make_staff(Role.MANAGER, ours))
    before = foreign.link_sent_at
    sent = manager.post(f"/manage/{ours.slug}/invitations/send", data={"invitation": str(foreign.id)})
    assert sent.status_code == 404
    db.session.expire_all()
    assert db.session.get_one(CallInvitation, foreign.id).link_sent_at == before
    assert actor_of(make_staff(Role.REVIEWER, ours)).can("applicant:invite", ours.id) is False
