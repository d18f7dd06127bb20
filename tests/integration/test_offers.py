"""Awards are accepted, asked about and refused by their own people; those who run the call follow it, and decide."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role
from fundapp.applications.call_package import document_of
from fundapp.applications.queries.packages import package_of
from fundapp.core.audit import AuditEntry, KeptVersion, text_sha256
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.i18n import in_language
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, AwardOffer, Letter, LetterKind
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.queries.offers import managed_offer, offer_of, offers, standing_counts
from fundapp.disbursement.services import offers as services
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application

from ..attacks.world import finish_letter
from ..conftest import NOW, SignedIn, actor_of, counted_statements
from ..factories import make_call, make_member, make_person, make_protected, make_staff
from ..funding import make_award
from ..second_factors import give_app
from .test_selection_races import all_at_once

DAY = timedelta(days=1)
AGREED = {"en": "We use it well (sample).", "fr": "Nous en faisons bon usage (exemple)."}
TERMS: dict[str, Any] = {"answer_days": 14, "agreement": AGREED}


class Round:
    """A released call with one award, its people and a manager."""

    def __init__(self, **terms: Any) -> None:
        self.call = make_call()
        self.call.award_terms = {**self.call.award_terms, **TERMS, **terms}
        self.award: Award = make_award(self.call)
        self.person: Person = self.award.decision.entry.application.person
        self.manager: Person = make_staff(Role.MANAGER, self.call)
        db.session.flush()

    @property
    def offer(self) -> AwardOffer:
        found = offer_of(self.award)
        assert found is not None
        return found

    def accept(self, person: Person | None = None, at=NOW + DAY, **values: Any) -> AwardOffer:
        given: dict[str, Any] = {
            "name": "Ada Sample", "role": "Treasurer", "with_second_factor": False,
            "seen_sha256": text_sha256(services.agreement_of(self.call)[0]),
        } | values  # fmt: skip
        return services.accept(actor=actor_of(person or self.person), award=self.award, now=at, **given)

    def refuse(self, reason: str = "", at=NOW + DAY) -> AwardOffer:
        return services.refuse(actor=actor_of(self.person), award=self.award, reason=reason, now=at)

    def ask(self, question: str, at=NOW + DAY) -> AwardOffer:
        return services.ask(actor=actor_of(self.person), award=self.award, question=question, now=at)

    def extend(self, days: int, at=NOW + DAY) -> None:
        services.extend(actor=actor_of(self.manager), award=self.award, days=days, now=at)

    def remind(self, at) -> bool:
        return services.remind(actor=actor_of(self.manager), award=self.award, now=at)

    def withdraw(self, at, reason: str = "Nobody answered.") -> None:
        services.withdraw(actor=actor_of(self.manager), award=self.award, reason=reason, now=at)

    def counts(self, at=NOW + DAY) -> dict[str, int]:
        counts = standing_counts(actor=actor_of(self.manager), call=self.call, now=at)
        return {standing.value: number for standing, number in counts.items() if number}


def letter_for(app: FundApp, award: Award) -> str:
    application = award.decision.entry.application
    letter = Letter(
        call_id=award.call_id, kind=LetterKind.AWARD, decision_id=award.decision_id, application_id=application.id,
        person_id=application.person_id, reference=award.reference, language="en", queued_at=NOW,
    )  # fmt: skip
    db.session.add(letter)
    db.session.flush()
    finish_letter(app.extensions["storage"], letter, "Ours")
    db.session.commit()
    return f"/letters/{letter.id}/award"


def seen_on(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="(\w+)"', client.get(page).text)
    assert found is not None
    return found[1]


def actions() -> list[str]:
    return [
        entry.action
        for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        if entry.action.startswith("offer:")
    ]


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(MailMessage)) or 0


def test_acceptance_keeps_who_signed_and_the_agreement_as_it_was_shown(app):
    made = Round()
    with in_language("fr"):
        offer = made.accept()
    db.session.commit()
    assert (offer.status, offer.name, offer.role) == (OfferStatus.ACCEPTED, "Ada Sample", "Treasurer")
    assert (offer.text_sha256, offer.language) == (text_sha256(AGREED["fr"]), "fr")
    assert (offer.settled_by_id, offer.settled_at) == (made.person.id, NOW + DAY)
    kept = [
        each.content or {}
        for each in db.session.scalars(select(KeptVersion).where(KeptVersion.object_type == "award_offer"))
    ]
    assert [each["text_sha256"] for each in kept] == [offer.text_sha256]
    assert "Ada" not in str(kept)
    assert made.accept(name="Somebody Else").version == offer.version  # a second time changes nothing
    assert made.offer.name == "Ada Sample"
    assert actions() == ["offer:accept"]


def test_a_text_that_changed_since_it_was_shown_is_not_agreed_to(app):
    made = Round()
    shown = text_sha256(AGREED["en"])
    made.call.award_terms = {**made.call.award_terms, "agreement": {"en": "Something else."}}
    with pytest.raises(Conflict):
        made.accept(seen_sha256=shown)
    made.call.award_terms = {**made.call.award_terms, "agreement": {}}
    assert services.agreement_of(made.call)[0].startswith("We accept this award.")
    with pytest.raises(RuleViolations) as refused:
        made.accept(name=" ", role="x" * 201)
    assert [problem.field for problem in refused.value.problems] == ["name", "role"]
    assert offer_of(made.award) is None


def test_only_those_who_hold_the_application_answer(app):
    made = Round()
    friend = make_person()
    make_member(friend, made.award.decision.entry.application.organisation, MembershipRole.COLLABORATOR)
    for person in (friend, make_person(), made.manager):
        with pytest.raises(NotAllowed):
            made.accept(person)
    for role in (Role.RATIFIER, Role.AUDITOR, Role.FINANCE):
        for step in (services.extend, services.remind):
            values = {"days": 3} if step is services.extend else {}
            with pytest.raises(NotAllowed):
                step(actor=actor_of(make_staff(role, made.call)), award=made.award, now=NOW, **values)


def test_a_question_waits_for_an_answer_and_leaves_the_award_open(app):
    made = Round()
    made.ask("May we pay rent?")
    made.ask("May we pay rent?")
    with pytest.raises(InvalidTransition):
        made.ask("And heating?")
    assert made.counts() == {"asked": 1}
    services.reply(actor=actor_of(made.manager), award=made.award, answer="Yes.", now=NOW + 2 * DAY)
    db.session.commit()
    (asked,) = made.offer.questions
    assert (asked.answer, asked.answered_by_id) == ("Yes.", made.manager.id)
    assert mails() == 1
    with pytest.raises(InvalidTransition):
        services.reply(actor=actor_of(made.manager), award=made.award, answer="No.", now=NOW + 2 * DAY)
    made.ask("And heating?")
    made.accept()
    db.session.commit()
    assert actions() == ["offer:ask", "offer:reply", "offer:ask", "offer:accept"]
    with pytest.raises(InvalidTransition):
        made.refuse()


def test_nothing_lapses_by_itself_and_a_late_answer_still_counts(app):
    made = Round()
    late = NOW + 15 * DAY
    assert made.counts(late - DAY) == {"waiting": 1, "overdue": 1}  # the 14th day is over at its very instant
    assert made.counts(late - DAY - timedelta(seconds=1)) == {"waiting": 1}
    made.extend(3, late)
    assert made.counts(late) == {"waiting": 1}
    assert made.counts(late + 3 * DAY) == {"waiting": 1, "overdue": 1}
    assert made.accept(at=late + 9 * DAY).status is OfferStatus.ACCEPTED
    assert Round(answer_days=None).counts(NOW + 999 * DAY) == {"waiting": 1}
    with pytest.raises(InvalidTransition):
        made.extend(3)
    with pytest.raises(RuleViolations):
        Round().extend(0)


def test_an_offer_is_withdrawn_by_a_person_with_a_reason_once_its_time_is_over_and_can_be_made_again(app):
    made = Round()
    late = NOW + 15 * DAY
    with pytest.raises(InvalidTransition):
        made.withdraw(NOW + DAY)
    with pytest.raises(RuleViolations):
        made.withdraw(late, " ")
    made.withdraw(late)
    made.withdraw(late)
    db.session.commit()
    assert (made.offer.status, made.offer.reason) == (OfferStatus.WITHDRAWN, "Nobody answered.")
    assert mails() == 1
    with pytest.raises(InvalidTransition):
        made.accept()
    made.extend(5, late)
    assert (made.offer.status, made.offer.reason, made.offer.settled_at) == (OfferStatus.OFFERED, "", None)
    made.refuse("We closed.", late)
    made.refuse("Again", late)
    assert made.offer.reason == "We closed."
    db.session.commit()
    assert actions() == ["offer:withdraw", "offer:offer_again", "offer:refuse"]


def test_a_reminder_is_one_neutral_mail_and_comes_before_the_time_is_over(app):
    made = Round()
    assert made.remind(NOW + DAY)
    assert not made.remind(NOW + DAY + timedelta(hours=1))
    db.session.commit()
    (mail,) = db.session.scalars(select(MailMessage))
    assert made.award.reference not in str(vars(mail))
    assert made.remind(NOW + 3 * DAY)
    with pytest.raises(InvalidTransition):
        made.remind(NOW + 15 * DAY)
    made.refuse()
    with pytest.raises(InvalidTransition):
        made.remind(NOW + 5 * DAY)


def test_whoever_has_a_conflict_sees_the_list_as_if_the_award_were_not_there(app):
    made = Round()
    make_award(made.call)
    made.refuse()
    actor = actor_of(made.manager)
    assert made.counts() == {"waiting": 1, "refused": 1}
    make_member(made.manager, made.award.decision.entry.application.organisation)
    assert made.counts() == {"waiting": 1}
    with pytest.raises(NotFound):
        managed_offer(actor=actor, call=made.call, award_id=made.award.id)
    listing = offers(actor=actor, call=made.call, now=NOW)
    assert made.award.id not in [row[0].id for row in db.session.execute(listing.rows)]


def test_erasing_an_application_takes_who_signed_and_what_was_said(app):
    made = Round()
    made.ask("May we pay rent?")
    made.accept()
    db.session.commit()
    application = made.award.decision.entry.application
    erase_application(actor=actor_of(made.manager), application=application, cause=ErasureCause.RETENTION, now=NOW)
    db.session.commit()
    offer = made.offer
    assert (offer.name, offer.role, offer.questions[0].question) == ("", "", "")
    assert (offer.name_sealed, offer.role_sealed, offer.questions[0].question_sealed) == (None, None, None)
    assert offer.status is OfferStatus.ACCEPTED
    with pytest.raises((Conflict, NotAllowed)):
        made.refuse()


def test_the_terms_of_the_answer_come_back_from_the_package_as_they_were(app):
    letters = document_of(package_of(Round(second_factor=True).call))["letters"]
    assert (letters["agreement"], letters["answer_days"], letters["second_factor"]) == (AGREED, 14, True)
    assert "answer_days" not in document_of(package_of(make_call()))["letters"]


@pytest.mark.parametrize("attempt", range(3))
def test_an_answer_and_the_withdrawal_at_once_leave_one_of_them(app: FundApp, attempt: int) -> None:
    made = Round()
    award_id, person_id, manager_id = made.award.id, made.person.id, made.manager.id
    shown, late = text_sha256(AGREED["en"]), NOW + 15 * DAY
    db.session.commit()

    def person(person_id: UUID) -> Any:
        return actor_of(db.session.get_one(Person, person_id))

    def accepting() -> object:
        return services.accept(
            actor=person(person_id), award=db.session.get_one(Award, award_id), name="Ada Sample", role="Treasurer",
            seen_sha256=shown, with_second_factor=False, now=late,
        )  # fmt: skip

    def withdrawing() -> object:
        award = db.session.get_one(Award, award_id)
        services.withdraw(actor=person(manager_id), award=award, reason="Nobody answered.", now=late)
        return None

    results = all_at_once(app, [accepting, withdrawing])
    assert sorted(results)[-1] == "done"
    assert results.count("done") == 1
    offer = db.session.scalars(select(AwardOffer)).one()
    assert offer.status is (OfferStatus.ACCEPTED if results[0] == "done" else OfferStatus.WITHDRAWN)
    assert len(actions()) == 1


def test_two_acceptances_at_once_are_one(app: FundApp) -> None:
    made = Round()
    award_id, person_id = made.award.id, made.person.id
    db.session.commit()

    def accepting() -> object:
        return services.accept(
            actor=actor_of(db.session.get_one(Person, person_id)), award=db.session.get_one(Award, award_id),
            name="Ada Sample", role="Treasurer", seen_sha256=text_sha256(AGREED["en"]), with_second_factor=False,
            now=NOW,
        )  # fmt: skip

    assert all_at_once(app, [accepting, accepting]) == ["done", "done"]
    assert actions() == ["offer:accept"]


def test_people_answer_on_the_page_of_their_letter(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    page = letter_for(app, made.award)
    friend = make_person()
    make_member(friend, made.award.decision.entry.application.organisation, MembershipRole.COLLABORATOR)
    client = signed_in(made.person)
    assert page in client.get(page.removesuffix("/award")).text
    seen = client.get(page).text
    assert AGREED["en"] in seen
    assert seen.count("(optional)") == 1  # only why it is refused
    assert 'name="role"' not in signed_in(friend).get(page).text
    assert signed_in(make_person()).get(page).status_code == 404
    data = {"name": "Ada Sample", "role": "Treasurer", "seen": seen_on(client, page)}
    assert signed_in(friend).post(f"{page}/accept", data=data).status_code == 403
    assert signed_in(make_person()).post(f"{page}/accept", data=data).status_code == 404
    asked = signed_in(made.person, fresh=False).post(f"{page}/accept", data=data)
    assert asked.status_code == 401  # a proof of an hour ago does not do
    wrong = client.post(f"{page}/accept", data=data | {"role": ""})
    assert wrong.status_code == 422
    assert "Ada Sample" in wrong.text
    assert client.post(f"{page}/accept", data=data | {"seen": "0" * 64}).status_code == 409
    assert client.post(f"{page}/question", data={"question": "May we pay <b>rent</b>?"}).status_code == 302
    assert "May we pay &lt;b&gt;rent&lt;/b&gt;?" in client.get(page).text
    assert client.post(f"{page}/accept", data=data).status_code == 302
    assert client.post(f"{page}/accept", data=data).status_code == 302
    seen = client.get(page).text
    assert "You accepted it" in seen
    assert 'name="role"' not in seen
    assert client.post(f"{page}/refuse", data={"reason": ""}).status_code == 409
    assert db.session.scalars(select(Letter)).one().was_opened


def test_where_the_call_asks_for_a_second_factor_a_fresh_sign_in_alone_does_not_do(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = Round(second_factor=True)
    page = letter_for(app, made.award)
    plain = signed_in(made.person, strong=False)
    assert "Set one up first" in plain.get(page).text
    data = {"name": "Ada Sample", "role": "Treasurer", "seen": text_sha256(AGREED["en"])}
    assert plain.post(f"{page}/accept", data=data).status_code == 409
    give_app(made.person)
    client = signed_in(made.person)
    assert 'name="role"' in client.get(page).text
    assert client.post(f"{page}/accept", data=data).status_code == 302
    assert made.offer.with_second_factor


def test_managers_follow_the_answers_and_decide_what_is_overdue(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    made.ask("May we pay rent?")
    other = make_award(made.call)
    db.session.commit()
    listed, page = f"/manage/{made.call.slug}/awards", f"/manage/{made.call.slug}/awards/{made.award.id}"
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        staff = signed_in(made.manager)
        assert "1 question about an award" in staff.get(f"/manage/{made.call.slug}").text
        seen = staff.get(f"{listed}?standing=asked").text
        assert made.award.reference in seen
        assert other.reference not in seen
        assert staff.post(f"{page}/reply", data={"answer": ""}).status_code == 422
        assert staff.post(f"{page}/reply", data={"answer": "Yes, you may."}).status_code == 302
        assert "Yes, you may." in staff.get(page).text
        assert staff.post(f"{page}/withdraw", data={"reason": "No."}).status_code == 409
        assert staff.post(f"{page}/remind").status_code == 302
        table = staff.post(f"{listed}.csv").text
        assert "offer_status" in table
        assert made.award.reference in table
    with time_machine.travel(NOW + 15 * DAY, tick=False):
        staff = signed_in(made.manager)
        assert "2 awards without an answer in time" in staff.get(f"/manage/{made.call.slug}").text
        assert staff.post(f"{page}/remind").status_code == 409
        assert staff.post(f"{page}/extend", data={"days": "many"}).status_code == 422
        assert staff.post(f"{page}/extend", data={"days": "7"}).status_code == 302
        assert "1 award without an answer in time" in staff.get(f"/manage/{made.call.slug}").text
        gone = f"{listed}/{other.id}"
        assert staff.post(f"{gone}/withdraw", data={"reason": "Nobody answered."}).status_code == 302
        assert "Nobody answered." in staff.get(gone).text
    assert signed_in(make_staff(Role.AUDITOR, made.call)).get(page).status_code == 200


def test_who_signed_for_a_protected_application_stands_nowhere_for_staff(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    make_protected(made.award.decision.entry.application)
    made.accept()
    db.session.commit()
    staff, listed = signed_in(made.manager), f"/manage/{made.call.slug}/awards"
    for page in (staff.get(f"{listed}/{made.award.id}"), staff.get(listed), staff.post(f"{listed}.csv")):
        assert page.status_code == 200
        assert "Ada Sample" not in page.text
        assert "Treasurer" not in page.text
    assert "The name is hidden" in staff.get(f"{listed}/{made.award.id}").text


def test_the_list_asks_as_much_of_the_database_for_many_as_for_few(app: FundApp, signed_in: SignedIn) -> None:
    counts = []
    for size in (1, 9):
        made = Round()
        for _ in range(size):
            make_award(made.call)
        client = signed_in(made.manager)
        with counted_statements() as statements:
            assert client.get(f"/manage/{made.call.slug}/awards").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
