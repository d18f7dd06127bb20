"""Duplicates and spam are set aside and taken back; one application gets more time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.eligibility import is_barred
from fundapp.applications.models import Application, ApplicationStatus, Call, CallStatus, SetAsideAs
from fundapp.applications.presentation.set_aside import told_of_setting_aside
from fundapp.applications.services.drafts import fingerprint
from fundapp.applications.services.setting_aside import set_aside, take_back
from fundapp.applications.services.single_deadlines import give_later_deadline
from fundapp.applications.services.submitting import submit_application
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.disbursement.exports.contacts import open_contacts
from fundapp.disbursement.exports.decisions import decision_rows
from fundapp.disbursement.queries.letters import ineligible_applications
from fundapp.review.queries.panel import coverage
from fundapp.review.queries.planning import planning_facts
from fundapp.review.queries.reading import my_assignments
from fundapp.review.queries.selection import selection, unchecked_applications
from tests.conftest import NOW, actor_of
from tests.factories import (
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_organisation,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_staff,
)

Client = Callable[[Person | None], FlaskClient]


@pytest.fixture(autouse=True)
def clock(app: Any) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def stored(application: Application) -> Application:
    db.session.expire_all()
    return db.session.get_one(Application, application.id)


def aside(manager: Person, *applications: Application, **values: Any) -> list[Application]:
    return set_aside(
        actor=actor_of(manager),
        applications=applications,
        **{"kind": SetAsideAs.DUPLICATE, "reason": "It came twice.", "now": NOW, **values},
    )


def everywhere(manager: Person, reader: Person, call: Call) -> dict[str, set[str]]:
    """Return the references of a call's applications in each place where the work is done."""
    actor = actor_of(manager)
    db.session.expire_all()
    call = db.session.get_one(Call, call.id)
    contacts = open_contacts(actor=actor, call=call, reason="To call them.", now=NOW)
    facts = planning_facts(actor=actor, call=call)
    references = {
        str(entry.id): str(application.reference)
        for application in db.session.scalars(select(Application).where(Application.call_id == call.id))
        for entry in application.entries
    }
    return {
        "selection": {str(row.entry.application.reference) for row in selection(actor=actor, call=call).ranked},
        "coverage": {row.face.reference for row in coverage(actor=actor, call=call)},
        "planning": {references[need.id] for need in facts.entries},
        "reading": {str(each.entry.application.reference) for each in my_assignments(actor=actor_of(reader))},
        "decisions": {str(row[2]) for row in decision_rows(actor=actor, call=call)},
        "contacts": {str(row[1]) for row in contacts.rows},
    }


def test_set_aside_is_gone_everywhere_and_taking_back_restores_all(app: Any) -> None:
    call = make_call()
    manager, reviewer = make_staff(Role.MANAGER), make_reviewer(call)
    twice, kept = make_application(call), make_application(call)
    make_review(twice.entries[0], reviewer, [5, 5])
    make_assignment(kept.entries[0], reviewer)
    before = everywhere(manager, reviewer.person, call)
    assert all(found == {twice.reference, kept.reference} for found in before.values()), before

    assert aside(manager, twice, duplicate_of=kept) == [twice]
    db.session.commit()
    assert all(found == {kept.reference} for found in everywhere(manager, reviewer.person, call).values())
    assert stored(twice).status is ApplicationStatus.ELIGIBLE

    take_back(actor=actor_of(manager), application=twice, now=NOW)
    db.session.commit()
    assert everywhere(manager, reviewer.person, call) == before
    after = stored(twice)
    assert (after.set_aside_at, after.set_aside_as, after.duplicate_of_id) == (None, None, None)
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == twice.id)).all()
    assert {"application:set_aside", "application:take_back"} <= set(actions)


def test_set_aside_neither_waits_for_a_check_nor_gets_a_notice(app: Any) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    unchecked = make_application(call, status=ApplicationStatus.SUBMITTED)
    ineligible = make_application(call, status=ApplicationStatus.INELIGIBLE)
    assert unchecked_applications(call=call) == 1
    assert ineligible_applications(call) == [ineligible]
    aside(manager, unchecked, ineligible, kind=SetAsideAs.SPAM)
    assert unchecked_applications(call=call) == 0
    assert ineligible_applications(call) == []


def test_applicant_is_told_only_where_the_manager_chose_so(app: Any) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    silent, told = make_application(call), make_application(call)
    aside(manager, silent, kind=SetAsideAs.SPAM)
    aside(manager, told, reason="We read the one of 3 May.", tells=True)
    db.session.commit()
    assert told_of_setting_aside(silent) == ""
    assert told_of_setting_aside(told).endswith("We read the one of 3 May.")
    mails = db.session.scalars(select(MailMessage)).all()
    assert [(mail.to_address, mail.template, mail.data["path"]) for mail in mails] == [
        (told.person.email, "news", f"/applications/{told.id}")
    ]


def test_setting_aside_is_refused_without_reason_once_decided_and_to_those_who_only_read(app: Any) -> None:
    call = make_call()
    one, other, elsewhere = make_application(call), make_application(call), make_application(make_call())
    manager = make_staff(Role.MANAGER)
    for wrong in (
        {"reason": "  "},
        {"reason": "x" * 1001},
        {"duplicate_of": one},
        {"duplicate_of": elsewhere},
        {"kind": SetAsideAs.SPAM, "duplicate_of": other},
    ):
        with pytest.raises(RuleViolations):
            aside(manager, one, **wrong)
    with pytest.raises(NotAllowed):
        aside(make_staff(Role.AUDITOR), one)
    with pytest.raises(NotAllowed):
        aside(make_staff(Role.MANAGER, make_call()), one)
    aside(manager, other)
    with pytest.raises(RuleViolations):
        aside(manager, one, duplicate_of=other)
    call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.flush()
    with pytest.raises(Conflict):
        aside(manager, one)
    with pytest.raises(Conflict):
        take_back(actor=actor_of(manager), application=other, now=NOW)
    assert one.set_aside_at is None
    assert other.set_aside_at is not None


def test_who_chooses_many_sees_which_and_how_many_before_anything_is_done(signed_in: Client) -> None:
    call = make_call()
    made = [make_application(call, organisation=make_organisation(f"Spam {n}")) for n in range(3)]
    make_application(call, organisation=make_organisation("A real group"))
    client = signed_in(make_staff(Role.MANAGER))
    address = f"/manage/{call.slug}/applications"
    page = client.post(f"{address}/choose", data={"chosen": [str(each.id) for each in made[:2]]}).text
    assert "You chose 2 of the 4 applications" in page
    assert "Spam 0" in page
    assert "Spam 2" not in page
    page = client.post(f"{address}/choose", data={"all": "1", "search": "spam"}).text
    assert "You chose 3 of the 4 applications" in page
    assert "A real group" not in page
    assert stored(made[0]).set_aside_at is None
    chosen = {"chosen": [str(each.id) for each in made]}
    refused = client.post(f"{address}/set-aside", data={**chosen, "kind": "spam", "reason": ""})
    assert refused.status_code == 422
    assert 'href="#set-aside-reason"' in refused.text
    assert "Spam 2" in refused.text
    answer = client.post(f"{address}/set-aside", data={**chosen, "kind": "spam", "reason": "Advertising."})
    assert answer.status_code == 302
    assert {stored(each).set_aside_as for each in made} == {SetAsideAs.SPAM}
    page = client.get(address).text
    assert ">All <b>1</b>" in page
    assert ">Set aside <b>3</b>" in page
    assert "Spam 0" not in page
    assert "Spam 0" in client.get(f"{address}?aside=only").text
    assert client.post(f"/manage/applications/{made[0].id}/take-back").status_code == 302
    assert stored(made[0]).set_aside_at is None

    aside = client.get(f"{address}?aside=only").text
    assert "Set the chosen ones aside" not in aside
    assert "Take the chosen ones back" in aside
    assert "Take the chosen ones back" not in page
    back = client.post(f"{address}/take-back", data={**chosen, "aside": "only"})
    assert back.headers["Location"].endswith("applications?aside=only")
    assert {stored(each).set_aside_at for each in made} == {None}
    nothing = client.post(f"{address}/take-back", data={"aside": "only"}, follow_redirects=True)
    assert "Choose at least one application first." in nothing.text


def test_what_one_may_not_see_cannot_be_chosen(signed_in: Client) -> None:
    call, other = make_call(), make_call()
    foreign = make_application(other)
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    client = signed_in(make_staff(Role.MANAGER, call))
    chosen = {"chosen": [str(foreign.id), str(draft.id), "nonsense"], "kind": "spam", "reason": "R"}
    assert client.post(f"/manage/{call.slug}/applications/choose", data=chosen).status_code == 302
    client.post(f"/manage/{call.slug}/applications/set-aside", data=chosen)
    assert stored(foreign).set_aside_at is None
    assert stored(draft).set_aside_at is None
    assert client.post(f"/manage/applications/{foreign.id}/take-back").status_code == 404


# -- More time for one ----------------------------------------------------------------------------------------------


def extended(application: Application, manager: Person, **values: Any) -> None:
    give_later_deadline(
        actor=actor_of(manager),
        application=application,
        **{"closes_at": CLOSES + timedelta(days=3), "reason": "The lines were down.", "now": NOW, **values},
    )


def test_peers_08_one_late_application_is_taken_after_the_deadline_and_no_other(app: Any, clock: Any) -> None:
    call = make_call()
    manager, person, late_too = make_staff(Role.MANAGER), make_person(), make_person()
    one = make_application(call, person=person, status=ApplicationStatus.DRAFT)
    other = make_application(call, person=late_too, status=ApplicationStatus.DRAFT)
    extended(one, manager)
    db.session.commit()
    clock.move_to(CLOSES + timedelta(days=1))

    def send(application: Application, who: Person, now: Any) -> None:
        submit_application(
            actor=actor_of(who), application=application, seen=fingerprint(application.answers), language="en", now=now
        )

    with pytest.raises(Conflict):
        send(other, late_too, CLOSES + timedelta(days=1))
    db.session.rollback()
    with pytest.raises(Conflict):
        send(one, person, CLOSES + timedelta(days=3))
    db.session.rollback()
    one = db.session.get_one(Application, one.id)
    send(one, person, CLOSES + timedelta(days=3) - timedelta(seconds=1))
    assert one.status is ApplicationStatus.SUBMITTED
    assert db.session.get_one(Call, call.id).closes_at == CLOSES


def test_more_time_is_given_with_a_reason_shown_and_recorded(signed_in: Client) -> None:
    call = make_call()
    person = make_person()
    draft = make_application(
        call, person=person, status=ApplicationStatus.DRAFT, organisation=make_organisation("Secret name")
    )
    manager = make_staff(Role.MANAGER)
    client = signed_in(manager)
    page = client.get(f"/manage/{call.slug}/applications?status=draft").text
    address = f"/manage/applications/{draft.id}/deadline"
    assert f'href="{address}"' in page
    assert "Secret name" not in client.get(address).text
    parts = {"closes_on-day": "1", "closes_on-month": "10", "closes_on-year": "2020", "closes_time": "23:59"}
    refused = client.post(address, data=parts)
    assert refused.status_code == 422
    assert 'href="#deadline-reason"' in refused.text
    earlier = client.post(address, data={**parts, "closes_on-month": "9", "reason": "The lines were down."})
    assert earlier.status_code == 422
    assert 'href="#closes_on-day"' in earlier.text
    assert client.post(address, data={**parts, "reason": "The lines were down."}).status_code == 302
    after = stored(draft)
    assert after.closes_at is not None
    assert after.closes_at.isoformat() == "2020-10-01T20:59:00+00:00"  # 23:59 in Nairobi
    assert after.deadline == after.closes_at
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "application:extend")).one()
    assert entry.data["to"] == "2020-10-01T20:59:00+00:00"
    assert "The lines were down." in client.get(address).text
    assert "1 October 2020, 23:59" in signed_in(person).get(f"/applications/{draft.id}").text


def test_a_later_deadline_for_all_still_counts_for_who_had_more_time(app: Any) -> None:
    call = make_call()
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    extended(draft, make_staff(Role.MANAGER))
    call.closes_at = CLOSES + timedelta(days=9)
    assert draft.deadline == CLOSES + timedelta(days=9)


def test_more_time_is_refused_for_earlier_past_decided_and_to_others(app: Any) -> None:
    call = make_call()
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    manager = make_staff(Role.MANAGER)
    for wrong in (
        {"closes_at": CLOSES},
        {"closes_at": CLOSES + timedelta(days=1), "now": CLOSES + timedelta(days=2)},
        {"reason": " "},
        {"reason": "x" * 1001},
    ):
        with pytest.raises(RuleViolations):
            extended(draft, manager, **wrong)
    with pytest.raises(NotAllowed):
        extended(draft, make_staff(Role.RATIFIER))
    call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.flush()
    with pytest.raises(RuleViolations):
        extended(draft, manager)
    assert draft.closes_at is None


def test_page_of_an_application_tells_what_may_be_the_same_and_what_was_done(signed_in: Client) -> None:
    call = make_call()
    first = make_application(call, organisation=make_organisation("Espoir (sample)"))
    again = make_application(call, organisation=make_organisation("ESPOIR  (sample)"))
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(f"/manage/applications/{first.id}").text
    assert "May be there twice" in page
    assert f'href="/manage/applications/{again.id}"' in page
    assert "the same name of the organisation" in page
    assert f'href="/manage/applications/{first.id}/deadline"' in page
    aside(make_staff(Role.MANAGER, name="Mina Manager"), again, duplicate_of=first)
    db.session.commit()
    page = client.get(f"/manage/applications/{again.id}").text
    assert "Set aside: a duplicate" in page
    assert "It came twice." in page
    assert "Mina Manager" in page
    assert "Its people were not told." in page
    assert "Take it back" in page
    reader = signed_in(make_staff(Role.AUDITOR))
    page = reader.get(f"/manage/applications/{again.id}").text
    assert "Set aside: a duplicate" in page
    assert "Take it back" not in page
    assert reader.post(f"/manage/applications/{again.id}/take-back").status_code == 403
    call.status, call.decided_at = CallStatus.DECIDED, NOW
    db.session.commit()
    page = client.get(f"/manage/applications/{again.id}").text
    assert "Take it back" not in page
    assert "Give more time" not in page
    assert client.post(f"/manage/applications/{again.id}/take-back").status_code == 409


@pytest.mark.parametrize(
    ("name", "protected", "told"),
    [
        ("\u0415sp\u043eir (sample)", False, True),  # two letters are Cyrillic
        ("Espo1r sample", False, True),
        ("ESPOIR  (sample)", False, False),  # barred outright: whoever reads it was let in
        ("Hill (sample)", False, False),
        ("\u0415sp\u043eir (sample)", True, False),  # staff read no name
    ],
)
def test_a_name_that_looks_like_a_barred_one_is_told_to_managers_and_bars_nobody(
    signed_in: Client, name: str, protected: bool, told: bool
) -> None:
    call = make_call(barred_names=["Espoir (sample)", "Another (sample)"])
    application = make_application(call, organisation=make_organisation(name))
    if protected:
        make_protected(application)
    db.session.commit()
    page = signed_in(make_staff(Role.MANAGER)).get(f"/manage/applications/{application.id}").text
    assert ("Looks like a name that this call bars" in page) is told
    assert ("<bdi>Espoir (sample)</bdi>" in page) is told
    assert "Another (sample)" not in page
    if told:
        assert not is_barred(call.barred_names, call.barred_domains, names=[name], emails=[])
