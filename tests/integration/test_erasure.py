"""Erasing on request: what goes, what stays, and who decides (row 119)."""

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from fundapp.accounts.models import (
    LinkPurpose,
    Membership,
    MembershipRole,
    OneTimeLink,
    OrganisationInvitation,
    Person,
    RoleChange,
)
from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.applications.models import (
    Application,
    Attachment,
    CallInvitation,
    Enquiry,
    EnquiryCause,
    IdentityOpening,
    Nomination,
    SealedAnswer,
)
from fundapp.applications.services.enquiries import ask_person
from fundapp.applications.services.erasing import blank_application
from fundapp.applications.services.nominating import nominate
from fundapp.backups.commands import backup_group
from fundapp.core import clock as present
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.audit.verification import first_broken
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.keys import Keyring, Part
from fundapp.core.mail import MailMessage, queue_mail
from fundapp.core.sealing import RecordKey
from fundapp.core.storage import Storage
from fundapp.disbursement.models import Award, Letter
from fundapp.doctor import examine
from fundapp.retention import services as retention_services
from fundapp.retention import tombstones
from fundapp.retention.checks import erasure_problems
from fundapp.retention.models import Erasure, ErasureCause, ErasureRequest, LegalHold
from fundapp.retention.queries import people_due
from fundapp.retention.room import erased_list
from fundapp.retention.services import erase_all_again, erase_application, erase_person
from fundapp.retention.tombstones import Tombstone
from fundapp.review.models import Decision, Review, Score

from ..attacks.world import everything_stored, make_paper, make_round
from ..factories import NOW, make_application, make_call, make_member, make_organisation, make_person, make_staff

MARK = "Canary-Amina"


def released(round_):
    """A round in which nothing holds anything."""
    for row in (*round_.holds, *round_.requests):
        db.session.delete(row)
    db.session.flush()
    return round_


def commit(app) -> None:
    """Commit as the product does: what is not recorded is refused, which a commit by a test would cover."""
    unit_of_work.commit(app.queue)


def files_of(app) -> set[str]:
    storage: Storage = app.extensions["storage"]
    return {path.name for path in storage.root.glob("*/*")}


def test_an_erased_application_keeps_its_numbers_and_nothing_that_anybody_wrote(app, run_jobs):
    made = released(make_round(app.extensions["storage"], MARK, closed=True, decided=True))
    (own_score, *_others) = db.session.scalars(select(Score)).all()
    decision = db.session.scalars(select(Decision)).one()
    decision.reason = f"{MARK} was the best."
    paper = make_paper(app.extensions["storage"], made.sent, "a paper of its own").stored_as
    letter = made.letters[0].stored_as
    db.session.commit()
    assert {paper, letter} <= files_of(app)
    opening = IdentityOpening(application_id=made.sent.id, opened=["name"], reason=f"{MARK} called.", opened_at=NOW)
    db.session.add(opening)
    db.session.commit()
    first, second = make_person().id, make_person().id
    lifted = {"lift_asked_by_id": first, "lifted_by_id": second, "lifted_at": NOW}
    hold = LegalHold(application_id=made.sent.id, reason=f"{MARK} sued.", set_at=NOW, **lifted)
    refused = {"asked_at": NOW, "answered_at": NOW, "is_granted": False, "answer": MARK}
    request = ErasureRequest(application_id=made.sent.id, asked_by_id=first, **refused)
    db.session.add_all([hold, request])
    db.session.commit()
    kept = (made.sent.reference, made.sent.submitted_at, own_score.value, decision.amount_minor, decision.rank)
    erase_application(actor=system_actor(), application=made.sent, cause=ErasureCause.REQUEST, now=NOW)
    commit(app)
    run_jobs()
    assert (opening.reason, hold.reason, request.answer) == ("—", "—", "—")
    sent = db.session.get_one(Application, made.sent.id)
    score = db.session.get_one(Score, own_score.id)
    decision = db.session.get_one(Decision, decision.id)
    assert (sent.reference, sent.submitted_at, score.value, decision.amount_minor, decision.rank) == kept
    assert db.session.scalars(select(Award)).one().amount_minor == kept[3]
    assert sent.erased_at == NOW
    assert (sent.answers, sent.title, sent.organisation_name, sent.country, sent.region) == ({}, "", "", "", "")
    assert sent.organisation_id is None
    assert [submission.answers for submission in sent.submissions] == [{}]
    assert [review.comment for review in db.session.scalars(select(Review))] == [""]
    assert decision.reason == ""
    assert [each.content for each in db.session.scalars(select(Letter))] == [None]
    assert db.session.scalars(select(SealedAnswer).where(SealedAnswer.application_id == sent.id)).all() == []
    ring = Keyring.load(app.extensions["settings"].keys_dir, [Part.AUDIT_PUBLIC])
    assert first_broken(db.session(), ring=ring) is None, "the chain and the versions still verify"
    assert db.session.scalars(select(Attachment.application_id)).all() == [made.draft.id]
    assert not {paper, letter} & files_of(app)
    assert made.papers[0].stored_as in files_of(app), "the files of others stay"


def test_a_file_that_another_application_has_too_stays(app, run_jobs):
    storage = app.extensions["storage"]
    first, second = (make_application(make_call()) for _ in range(2))
    shared = {make_paper(storage, each, "the same paper").stored_as for each in (first, second)}
    db.session.commit()
    erase_application(actor=system_actor(), application=first, cause=ErasureCause.REQUEST, now=NOW)
    commit(app)
    run_jobs()
    if len(shared) == 1:
        assert shared <= files_of(app)
    else:  # each copy is sealed with a key of its own
        assert len(shared & files_of(app)) == 1


def test_the_list_outside_the_database_names_it_once(app, run_jobs):
    application = make_application(make_call())
    for _ in range(2):
        erase_application(actor=system_actor(), application=application, cause=ErasureCause.REQUEST, now=NOW)
    run_jobs()
    graves = [grave for grave in tombstones.read(erased_list(app)) if grave.object_id == application.id]
    assert [(grave.object_type, grave.erased_at) for grave in graves] == [("application", NOW)]
    erasure = db.session.scalars(select(Erasure)).one()
    assert (erasure.files, erasure.finished_at is not None) == ([], True)


def test_an_erased_person_leads_to_nobody(app, signed_in, run_jobs):
    person = make_person(f"{MARK} Sample", email="canary@sample.example", password=True)
    organisation = make_organisation(f"{MARK} organisation")
    make_member(person, organisation, MembershipRole.APPLICANT)
    invitation = OrganisationInvitation(
        organisation_id=make_organisation().id,
        person_id=person.id,
        role=MembershipRole.COLLABORATOR,
        reason=f"{MARK} asked.",
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    db.session.add(invitation)
    client = signed_in(person)
    assert client.get("/applications").status_code == 200
    erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    commit(app)
    assert client.get("/applications").status_code == 302, "signed out at once"
    person = db.session.get_one(Person, person.id)
    assert (person.email or "", person.name, person.password_hash, person.is_active) == ("", "", None, False)
    assert db.session.scalars(select(Membership).where(Membership.person_id == person.id)).all() == []
    assert organisation.name == ""
    run_jobs()
    stored = everything_stored()
    assert MARK not in stored
    assert "canary@sample.example" not in stored
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == person.id)).all()
    assert "person:erase" in actions


def test_a_holder_erases_a_draft_at_once(app, signed_in, run_jobs):
    made = released(make_round(app.extensions["storage"], MARK))
    client = signed_in(made.people[Role.APPLICANT])
    page = f"/applications/{made.draft.id}/erase"
    assert "nobody can bring them back" in client.get(page).get_data(as_text=True)
    assert client.post(page).location == "/applications/erased"
    assert db.session.get_one(Application, made.draft.id).answers == {}
    assert client.get(f"/applications/{made.draft.id}").status_code == 404
    assert client.get(page).status_code == 404


def test_somebody_who_only_helps_with_writing_cannot_erase(app, signed_in):
    made = released(make_round(app.extensions["storage"], MARK))
    client = signed_in(made.people[Role.COLLABORATOR])
    assert client.get(f"/applications/{made.draft.id}").status_code == 200
    for application in (made.draft, made.sent):
        assert client.post(f"/applications/{application.id}/erase").status_code == 404
        assert db.session.get_one(Application, application.id).erased_at is None


def test_erasing_asks_for_a_fresh_proof(app, signed_in):
    made = released(make_round(app.extensions["storage"], MARK))
    client = signed_in(made.people[Role.APPLICANT], strong=False, fresh=False)
    assert client.post(f"/applications/{made.draft.id}/erase").status_code in (302, 401)
    assert db.session.get_one(Application, made.draft.id).erased_at is None


def test_what_was_sent_is_erased_when_a_manager_agrees(app, signed_in, run_jobs, mail_dir):
    made = released(make_round(app.extensions["storage"], MARK))
    applicant, manager = signed_in(made.people[Role.APPLICANT]), signed_in(made.people[Role.MANAGER])
    page = f"/applications/{made.sent.id}/erase"
    for _ in range(2):
        assert applicant.post(page).location == page
    assert "You have asked for this" in applicant.get(page).get_data(as_text=True)
    request = db.session.scalars(select(ErasureRequest)).one()
    keeping = f"/manage/{made.call.slug}/keeping"
    asked = f"{keeping}/requests/{request.id}"
    assert asked in manager.get(keeping).get_data(as_text=True)
    assert manager.post(asked, data={"decision": "refuse"}).status_code == 422
    assert manager.post(asked, data={"decision": "grant"}).location == keeping
    sent = db.session.get_one(Application, made.sent.id)
    assert (sent.answers, sent.erased_at is not None) == ({}, True)
    request = db.session.scalars(select(ErasureRequest)).one()
    assert (request.is_granted, request.answered_by_id) == (True, made.people[Role.MANAGER].id)
    assert manager.post(asked, data={"decision": "grant"}).status_code == 409
    run_jobs()
    (mail,) = mail_dir.iterdir()
    assert MARK not in mail.read_text()


def test_a_refusal_is_read_by_the_applicant(app, signed_in):
    made = released(make_round(app.extensions["storage"], MARK))
    applicant, manager = signed_in(made.people[Role.APPLICANT]), signed_in(made.people[Role.MANAGER])
    page = f"/applications/{made.sent.id}/erase"
    applicant.post(page)
    request = db.session.scalars(select(ErasureRequest)).one()
    answer = "We have to show our accounts until 2027."
    asked = f"/manage/{made.call.slug}/keeping/requests/{request.id}"
    assert manager.post(asked, data={"decision": "refuse", "answer": answer}).status_code == 302
    assert answer in applicant.get(page).get_data(as_text=True)
    assert db.session.get_one(Application, made.sent.id).erased_at is None


def test_a_hold_is_set_on_the_page_and_ended_by_two(app, signed_in):
    call = make_call()
    first, second = (signed_in(make_staff(Role.MANAGER, call)) for _ in range(2))
    auditor = signed_in(make_staff(Role.AUDITOR))
    page = f"/manage/{call.slug}/keeping"
    assert first.post(page, data={"reason": ""}).status_code == 400
    assert first.post(page, data={"reason": "A court asked for it."}).location == page
    assert "A court asked for it." in auditor.get(page).get_data(as_text=True)
    assert auditor.post(page, data={"reason": "Another."}).status_code == 403
    (lift,) = {part for part in second.get(page).get_data(as_text=True).split('"') if part.endswith("/lift")}
    for client, still_there in ((first, True), (first, True), (second, False)):
        assert client.post(lift).location == page
        assert ("A court asked" in client.get(page).get_data(as_text=True)) is still_there


def test_the_page_says_what_goes_when(app, signed_in, time_machine):
    time_machine.move_to(NOW)
    call = make_call(retention_days={"draft": 7})
    make_application(call)
    page = signed_in(make_staff(Role.MANAGER, call)).get(f"/manage/{call.slug}/keeping").get_data(as_text=True)
    assert "7 days" in page
    assert "730 days" in page
    assert (call.closes_at + timedelta(days=730)).isoformat(timespec="seconds") in page


def test_an_administrator_erases_a_person_and_not_one_that_applications_need(app, signed_in):
    administrator = signed_in(make_staff(Role.ADMINISTRATOR))
    needed, free = make_application(make_call()).person, make_person("Free Sample")
    db.session.commit()
    assert administrator.get(f"/admin/people/{free.id}/erase").status_code == 200
    assert administrator.post(f"/admin/people/{free.id}/erase").status_code == 302
    assert db.session.get_one(Person, free.id).erased_at is not None
    assert administrator.post(f"/admin/people/{needed.id}/erase").status_code == 409
    assert db.session.get_one(Person, needed.id).erased_at is None
    assert administrator.get(f"/admin/people/{free.id}/erase").status_code == 404


def grave(erased: Application | Person) -> Tombstone:
    return Tombstone(erased.__tablename__, erased.id, NOW)


def test_neither_holds_nor_dependence_stop_an_erasure_that_a_restore_repeats(app):
    made = make_round(app.extensions["storage"], MARK, closed=True, decided=True)
    db.session.add(LegalHold(call_id=made.call.id, reason="A court asked for it.", set_at=NOW))
    organisation = make_organisation("River Sample Collective")
    person = make_person("Only Holder")
    make_member(person, organisation, MembershipRole.APPLICANT)
    make_application(made.call, person=person, organisation=organisation)
    db.session.commit()
    with pytest.raises(Conflict):
        erase_application(actor=system_actor(), application=made.sent, cause=ErasureCause.REQUEST, now=NOW)
    with pytest.raises(Conflict):
        erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    graves = [grave(person), grave(made.sent)]
    assert erase_all_again(graves, NOW, lambda: commit(app)) == (2, {})
    assert (made.sent.answers, made.sent.erased_at) == ({}, NOW)
    assert (person.name, person.erased_at) == ("", NOW)
    assert organisation.name == "River Sample Collective", "the application that needs it is not erased"
    assert erase_all_again(graves, NOW, lambda: commit(app)) == (0, {}), "again, and nothing is left to do"


def test_an_organisation_goes_with_its_last_person_in_whatever_order_they_are_listed(app):
    organisation = make_organisation("River Sample Collective")
    person = make_person("Only Holder")
    make_member(person, organisation, MembershipRole.APPLICANT)
    application = make_application(make_call(), person=person, organisation=organisation)
    db.session.commit()
    assert erase_all_again([grave(person), grave(application)], NOW, lambda: commit(app)) == (2, {})
    assert organisation.name == ""


def test_an_erasure_that_fails_after_a_restore_stops_no_other(app, monkeypatch):
    first, broken, last = (make_application(make_call()) for _ in range(3))
    db.session.commit()
    ids = [first.id, broken.id, last.id]

    def fails_for_one(*, actor: Actor, application: Application, now: datetime) -> list[str]:
        files = blank_application(actor=actor, application=application, now=now)
        if application.id == ids[1]:
            raise RuntimeError
        return files

    graves = [grave(each) for each in (first, broken, last)]
    with monkeypatch.context() as patched:
        patched.setattr(retention_services, "blank_application", fails_for_one)
        assert erase_all_again(graves, NOW, lambda: commit(app)) == (2, {graves[1]: "RuntimeError"})
    db.session.expire_all()
    erased = [db.session.get_one(Application, each).erased_at is not None for each in ids]
    assert erased == [True, False, True]
    assert erase_all_again(graves, NOW, lambda: commit(app)) == (1, {})


def test_nobody_with_duties_is_erased_nor_an_administrator_by_themselves(app, signed_in):
    administrator, other = make_staff(Role.ADMINISTRATOR), make_staff(Role.ADMINISTRATOR)
    client = signed_in(administrator)
    assert client.post(f"/admin/people/{administrator.id}/erase").status_code == 403
    assert client.post(f"/admin/people/{other.id}/erase").status_code == 409
    assert [db.session.get_one(Person, each.id).erased_at for each in (administrator, other)] == [None, None]


@pytest.mark.parametrize(("everywhere", "days", "kept"), [(False, 1, True), (True, 1, True), (False, -1, False)])
def test_who_decided_is_known_while_the_application_is_kept(app, everywhere, days, kept):
    call = make_call()
    application = make_application(call)
    make_application(make_call(), started_at=NOW - timedelta(days=30))
    person = make_person("Former Manager")
    at = application.started_at + timedelta(days=days)
    call_id = None if everywhere else call.id
    db.session.add(RoleChange(person_id=person.id, role=Role.MANAGER, call_id=call_id, is_given=False, at=at))
    db.session.commit()
    due = [each.id for each in people_due(signed_in=False)]
    assert (person.id in due) is not kept
    if kept:
        with pytest.raises(Conflict):
            erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    else:
        erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    assert (person.erased_at is None) is kept


def test_no_unsent_mail_or_invitation_to_apply_outlives_an_erased_person(app, run_jobs, mail_dir):
    person = make_person(email="canary@sample.example")
    call = make_call()
    invited = [
        CallInvitation(call_id=call.id, email=address, organisation_name=MARK, created_at=NOW)
        for address in ("canary@sample.example", "other@sample.example")
    ]
    db.session.add_all(invited)
    for address in ("canary@sample.example", "other@sample.example"):
        queue_mail(to_address=address, language="en", template="news", data={"path": "/"}, now=NOW)
    db.session.commit()
    erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    commit(app)
    assert [each.email for each in db.session.scalars(select(CallInvitation))] == ["other@sample.example"]
    assert [each.to_address for each in db.session.scalars(select(MailMessage))] == ["other@sample.example"]
    run_jobs()
    (mail,) = mail_dir.iterdir()
    assert "other@sample.example" in mail.read_text()


def test_questions_and_nominations_go_with_the_person_who_wrote_them(app, run_jobs):
    person = make_person(email="canary@sample.example")
    call = make_call(
        nominations_open_at=NOW - timedelta(days=1), nominations_close_at=NOW + timedelta(days=1), invitation_only=True
    )
    for address in ("Canary@sample.example", "other@sample.example", ""):
        ask_person(
            call=call, cause=EnquiryCause.BARRED, questions=[], text=f"Asked by {address}", email=address,
            language="en", secret_key="test", now=NOW,
        )  # fmt: skip
    for contact, nominator in (
        ("hill@sample.example", "CANARY@sample.example"),
        ("canary@sample.example", ""),
        ("hill@sample.example", "other@sample.example"),
    ):
        nominate(
            call=call, name="Hill Group", contact=contact, why=f"{MARK} {contact} {nominator}", nominator_name="Amina",
            nominator_contact=nominator, may_be_named=False, now=NOW,
        )  # fmt: skip
    db.session.commit()
    erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    commit(app)
    assert {each.text for each in db.session.scalars(select(Enquiry))} == {"Asked by other@sample.example", "Asked by"}
    assert [each.nominator_contact for each in db.session.scalars(select(Nomination))] == ["other@sample.example"]
    working = select(RecordKey.owner_id).where(RecordKey.owner_table == "nomination", RecordKey.wrapped.is_not(None))
    kept = set(db.session.scalars(working))
    assert kept == {each.id for each in db.session.scalars(select(Nomination))}, "the keys of the others are gone"


def test_settling_a_restore_signs_everybody_out_and_ends_links(app, signed_in):
    person = make_person()
    client = signed_in(person)
    link = OneTimeLink(
        person_id=person.id,
        purpose=LinkPurpose.SIGN_IN,
        token_hash="sample",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    db.session.add(link)
    db.session.commit()
    assert client.get("/applications").status_code == 200
    done = CliRunner().invoke(backup_group, ["settle", "--nothing-was-erased"], obj=lambda: app)
    assert done.exit_code == 0
    assert client.get("/applications").status_code == 302
    assert db.session.scalars(select(OneTimeLink.used_at.is_not(None))).all() == [True]


def test_doctor_calls_no_list_whole_while_an_erasure_waits_to_be_listed(app, run_jobs):
    def said() -> tuple[bool, str]:
        finding = next(each for each in examine(app) if each.name == "erasures")
        return finding.healthy, finding.detail

    erase_person(actor=system_actor(), person=make_person(), cause=ErasureCause.REQUEST, now=present.now())
    db.session.commit()
    assert said() == (True, "1 wait for a worker, which removes their files and lists them outside the database")
    run_jobs()
    assert said() == (True, "nothing is left of what was erased, and the list outside is whole")


def test_doctor_finds_what_an_erasure_left(app, run_jobs):
    made = released(make_round(app.extensions["storage"], MARK, closed=True, decided=True))
    person = make_person()
    erase_application(actor=system_actor(), application=made.sent, cause=ErasureCause.REQUEST, now=NOW)
    erase_person(actor=system_actor(), person=person, cause=ErasureCause.REQUEST, now=NOW)
    db.session.commit()
    list_path = erased_list(app)
    assert erasure_problems(list_path, NOW) == []
    later = NOW + timedelta(hours=2)
    assert erasure_problems(list_path, later) == ["2 erasures wait for their files to be removed"]
    run_jobs()
    assert erasure_problems(list_path, later) == []
    made.sent.answers = {"title": "It came back"}
    made.sent.organisation_id = made.draft.organisation_id
    person.is_active = True
    db.session.commit()
    assert erasure_problems(list_path, later) == [
        "erased applications still have an organisation",
        "erased applications still have texts",
        "erased people still have ways in",
    ]
    list_path.write_text("")
    assert erasure_problems(list_path, later)[-1].endswith("a restore would undo them")
