"""Sensitive answers: sealed when stored, masked when read, and payee details never given back by the web."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Application, ApplicationStatus, SealedAnswer, Submission
from fundapp.applications.sealed_answers import (
    MASK,
    clear_answers,
    keep_answers,
    open_payee,
    payee_answers,
    show_in_lists,
)
from fundapp.applications.services import saving
from fundapp.applications.services.protection import ask_to_lower, confirm_lowering, protect
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.keys import Keyring, KeysError, NotOpened, Part, Ring
from fundapp.core.sealing import current_keys, destroy, record_of
from fundapp.core.web import FundApp
from fundapp.review.models import AssignmentStatus

from ..conftest import actor_of
from ..factories import NOW, make_application, make_assignment, make_call, make_reviewer, make_staff
from .sensitive_form import ANSWERS, FORM

Client = Callable[[Person | None], FlaskClient]
CANARIES = ("Contact-Canary", "Risk-Canary", "CANARY 4321")
ACCOUNT = ANSWERS["account"]


def draft(answers: dict[str, Any] = ANSWERS) -> Application:
    """A draft with sensitive answers, kept as a service keeps them."""
    application = make_application(make_call(form=FORM), status=ApplicationStatus.DRAFT)
    application.answers = {}
    keep_answers(application=application, form=FORM, values=answers, by_id=None, now=NOW)
    db.session.flush()
    return application


def sent(**values: Any) -> Application:
    """An application that was sent with sensitive answers."""
    application = make_application(make_call(form=FORM), **values)
    application.answers = {}
    keep_answers(application=application, form=FORM, values=ANSWERS, by_id=None, now=NOW)
    application.submissions[-1].answers = application.answers
    show_in_lists(application, application.submissions[-1], FORM)
    db.session.flush()
    return application


def commit(*changed: Any) -> None:
    for row in changed:
        record(actor=system_actor(), action="test:change", subject=row, now=NOW)
    db.session.commit()


def private_keys(app: FundApp) -> Keyring:
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.PAYEE_PRIVATE])


def save(application: Application, typed: dict[str, str], **more: Any) -> saving.Saved:
    """Save typed texts as the application's own person, having seen what is stored."""
    return saving.save_draft(
        actor=actor_of(application.person),
        application=application,
        typed=typed,
        seen=saving.marks_of(application, typed),
        language="en",
        now=NOW,
        **more,
    )


def test_sensitive_answers_are_markers_in_the_answers_and_sealed_in_their_rows(app: FundApp) -> None:
    application = draft()
    stored = application.answers
    assert {name for name, answer in stored.items() if isinstance(answer, dict)} == {"contact", "risk", "account"}
    assert {stored[name]["mask"] for name in ("contact", "risk")} == {MASK}
    assert stored["account"]["mask"] == "•••• 4321"
    rows = db.session.scalars(select(SealedAnswer)).all()
    assert {(row.question, row.ring, row.version) for row in rows} == {
        ("contact", Ring.IDENTITY, 1),
        ("risk", Ring.IDENTITY, 1),
        ("account", Ring.PAYEE, 1),
    }
    everything = json.dumps(stored) + "".join(row.sealed.hex() + row.mask for row in rows)
    assert not any(canary in everything or canary.encode().hex() in everything for canary in CANARIES)
    clear = clear_answers(application)
    assert {name: clear[name] for name in ANSWERS if name != "account"} == {
        name: answer for name, answer in ANSWERS.items() if name != "account"
    }
    assert clear["account"] == stored["account"], "payee details stay a marker"


def test_the_web_cannot_open_payee_details_and_the_private_key_can(app: FundApp) -> None:
    row = payee_answers(draft())["account"]
    assert Part.PAYEE_PRIVATE not in current_keys().parts
    with pytest.raises(KeysError, match=r"does not hold payee\.private"):
        open_payee(row, current_keys())
    assert open_payee(row, private_keys(app)) == ACCOUNT


def test_payee_details_of_another_application_or_question_are_refused(app: FundApp) -> None:
    ours, other = draft(), draft({**ANSWERS, "account": "YY11 OTHER 9876"})
    marker = ours.answers["account"]
    for pointed in (other.answers["account"], ours.answers["contact"]):
        ours.answers = {**ours.answers, "account": pointed}
        with pytest.raises(NotOpened, match="account is not one of this application"):
            payee_answers(ours)
    ours.answers = {**ours.answers, "account": marker}
    assert open_payee(payee_answers(ours)["account"], private_keys(app)) == ACCOUNT


@pytest.mark.parametrize(("value", "mask"), [("1234567", MASK), ("12345678", "•••• 5678"), ("Amina Sample", MASK)])
def test_only_the_end_of_a_number_is_shown(app: FundApp, value: str, mask: str) -> None:
    assert draft({"account": value}).answers["account"]["mask"] == mask


def test_a_changed_answer_is_a_new_version_and_an_unchanged_one_is_none(app: FundApp) -> None:
    application = draft()
    marker = application.answers["contact"]
    save(application, {"contact": ANSWERS["contact"]})
    assert application.answers["contact"] == marker
    save(application, {"contact": "Somebody Else"})
    assert application.answers["contact"] != marker
    assert clear_answers(application)["contact"] == "Somebody Else"
    versions = select(SealedAnswer.version).where(SealedAnswer.question == "contact").order_by(SealedAnswer.version)
    assert db.session.scalars(versions).all() == [1, 2]


def test_an_empty_payee_field_keeps_what_is_stored_and_taking_out_is_asked_for(app: FundApp) -> None:
    application = draft()
    marker = application.answers["account"]
    save(application, {"account": ""})
    assert application.answers["account"] == marker
    save(application, {"account": "YY11 OTHER 9876"})
    assert open_payee(payee_answers(application)["account"], private_keys(app)) == "YY11 OTHER 9876"
    save(application, {"account": ""}, take_out=["account"])
    assert "account" not in application.answers


def test_wrong_payee_details_are_refused_and_never_stored(app: FundApp) -> None:
    application = draft()
    before = db.session.scalar(select(func.count()).select_from(SealedAnswer))
    marker = application.answers["account"]
    saved = save(application, {"account": "123", "title": "Another"})
    assert [problem.field for problem in saved.refused] == ["account"]
    assert db.session.scalar(select(func.count()).select_from(SealedAnswer)) == before
    assert application.answers["account"] == marker
    assert clear_answers(application)["title"] == "Another"


def test_own_form_shows_identity_and_only_the_mask_of_payee_details(app: FundApp, signed_in: Client) -> None:
    application = draft()
    url = f"/applications/{application.id}/sections"
    commit(application)
    client = signed_in(application.person)
    assert "Contact-Canary" in client.get(f"{url}/1").text
    page = client.get(f"{url}/2").text
    assert "Risk-Canary" in page
    assert "•••• 4321" in page
    assert "CANARY 4321" not in page
    assert "sealed" not in page, "the marker itself is never filled into a field"
    answer = client.post(f"{url}/2", data={"q_account": "12 34", "seen": "account=anything"})
    assert answer.status_code == 422
    assert 'value="12 34"' in answer.text
    assert "An account number has at least 8 characters." in answer.text
    check = client.get(f"/applications/{application.id}/check").text
    assert "Risk-Canary" in check
    assert "•••• 4321" in check
    assert "CANARY 4321" not in check


def test_changing_payee_details_needs_a_fresh_proof_and_giving_them_first_does_not(
    app: FundApp, signed_in: Any
) -> None:
    first, kept = draft({}), draft()
    commit(first, kept)
    for application, refused in ((first, False), (kept, True)):
        client = signed_in(application.person, fresh=False)
        url = f"/applications/{application.id}/sections/2"
        for sent_along in ({"q_account": "YY11 OTHER 9876"}, {"remove_q_account": "1"}):
            answer = client.post(url, data={**sent_along, "seen": "account=anything"})
            assert (answer.status_code == 401) is refused
            assert ("Confirm that it is you" in answer.text) is refused
        assert client.post(url, data={"q_risk": "Less.", "seen": "anything"}).status_code != 401
    db.session.expire_all()
    assert open_payee(payee_answers(kept)["account"], private_keys(app)) == ACCOUNT
    fresh = signed_in(kept.person)
    assert fresh.post(url, data={"q_account": "YY11 OTHER 9876", "seen": "anything"}).status_code != 401


def test_saving_a_page_as_it_was_shown_changes_nothing(app: FundApp, signed_in: Client) -> None:
    application = draft()
    commit(application)
    markers = dict(application.answers)
    client = signed_in(application.person)
    page = client.get(f"/applications/{application.id}/sections/2").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    typed = {f"q_{name}": str(ANSWERS[name]) for name in ("title", "plan", "amount", "risk")}
    answer = client.post(f"/applications/{application.id}/sections/2", data={**typed, "q_account": "", "seen": seen})
    assert answer.status_code == 302
    assert db.session.get_one(Application, application.id).answers == markers


def test_everybody_else_reads_masks(app: FundApp, signed_in: Client) -> None:
    application = sent()
    manager = make_staff(Role.MANAGER, application.call)
    assignment = make_assignment(
        application.entries[0], make_reviewer(application.call), status=AssignmentStatus.READING
    )
    commit(application)
    pages = [
        signed_in(manager).get(f"/manage/applications/{application.id}"),
        signed_in(assignment.reviewer.person).get(f"/reviews/{assignment.id}"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert ANSWERS["plan"] in page.text
        assert not any(canary in page.text for canary in CANARIES)


def test_own_copy_of_what_was_sent_has_identity_and_masks_payee_details(app: FundApp, signed_in: Client) -> None:
    application = sent()
    commit(application)
    client = signed_in(application.person)
    for address in ("copy", "copy.txt"):
        copy = client.get(f"/applications/{application.id}/{address}").text
        assert "Risk-Canary" in copy
        assert "•••• 4321" in copy
        assert "CANARY 4321" not in copy


def test_row_117_a_marker_that_points_to_anothers_answer_does_not_open(app: FundApp) -> None:
    ours, theirs = draft(), draft({**ANSWERS, "contact": "Other Person"})
    ours.answers = {**ours.answers, "contact": theirs.answers["contact"]}
    with pytest.raises(NotOpened):
        clear_answers(ours)
    ours.answers = {**ours.answers, "contact": {**ours.answers["risk"]}}
    with pytest.raises(NotOpened):
        clear_answers(ours)


def test_row_117_an_old_version_that_is_put_back_does_not_open(app: FundApp) -> None:
    application = draft()
    save(application, {"contact": "Somebody Else"})
    first, second = db.session.scalars(
        select(SealedAnswer).where(SealedAnswer.question == "contact").order_by(SealedAnswer.version)
    )
    second.sealed = first.sealed
    with pytest.raises(NotOpened):
        clear_answers(application)


def test_row_119_nothing_of_an_erased_application_opens(app: FundApp) -> None:
    application = sent()
    commit(application)
    row = payee_answers(application)["account"]
    destroy(record_of(application), NOW)
    commit(application)
    assert set(clear_answers(application)) == set(ANSWERS) - {"contact", "risk"}
    with pytest.raises(Exception, match="destroyed"):
        open_payee(row, private_keys(app))


def test_a_protected_application_keeps_no_text_in_clear_and_gets_it_back(app: FundApp) -> None:
    application = sent(organisation=None)
    commit(application)
    clear, name = clear_answers(application), application.organisation_name
    key = application.organisation_key
    manager = actor_of(make_staff(Role.MANAGER))
    protect(actor=manager, application=application, reason="A threat.", now=NOW)
    commit(application)
    db.session.expire_all()
    stored = json.dumps([application.answers, application.submissions[-1].answers])
    assert not any(str(ANSWERS[each]) in stored for each in ("title", "plan", "region"))
    assert name not in stored
    assert (application.organisation_name, application.title, application.country, application.region) == ("",) * 4
    assert application.organisation_key == key, "conflicts of interest are still found"
    assert application.answers["amount"] == ANSWERS["amount"]
    assert clear_answers(application) == clear
    assert clear_answers(application.submissions[-1]) == clear
    lower(application)
    assert application.organisation_name == name
    assert application.answers["plan"] == ANSWERS["plan"]
    assert clear_answers(db.session.scalars(select(Submission)).one()) == clear
    assert application.answers["contact"]["mask"] == MASK, "identity stays sealed"


def lower(application: Application) -> None:
    """Lower protection, as two managers do."""
    first, second = actor_of(make_staff(Role.MANAGER)), actor_of(make_staff(Role.MANAGER))
    ask_to_lower(actor=first, application=application, reason="It is over.", now=NOW)
    confirm_lowering(actor=second, application=application, reason="I agree.", now=NOW)
    db.session.flush()
