"""Where money goes: said once an award is accepted, sealed, called back, approved by a second person, and stopped."""

import logging
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from fundapp import rekeying
from fundapp.accounts.models import AddressChange, MembershipRole, Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.secrets import link_token
from fundapp.core import keys, unit_of_work
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.keys import Keyring, KeysError, NotOpened, Part, Ring
from fundapp.core.mail import MailMessage
from fundapp.core.sealing import current_keys
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, PayeeCall, PayeeDetails, PayeeFreeze
from fundapp.disbursement.payee_rules import CallOutcome, Hold, Known
from fundapp.disbursement.queries.payees import managed_payee, payee_of, payees, sharing, usable_details, versions_of
from fundapp.disbursement.sealed_payees import open_details
from fundapp.disbursement.services import payees as services
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application

from ..conftest import NOW, SignedIn, actor_of, counted_statements
from ..factories import make_call, make_member, make_person, make_protected, make_staff
from ..funding import make_award
from ..payees import COOLING, IBAN, OTHER_IBAN, TYPED, accept_award, call_back, give, given
from ..second_factors import give_app
from .test_no_clear_text import dumped
from .test_offers import letter_for
from .test_selection_races import all_at_once

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CANARIES = ("Canary Holder", "Canarytown", "Canary note", "370400440532013000", "3704 0044", "DEUTDEFF")


class Round:
    """An accepted award with its people, and two finance officers."""

    def __init__(self, *, accepted: bool = True) -> None:
        self.call = make_call()
        self.award: Award = make_award(self.call)
        self.application = self.award.decision.entry.application
        self.person: Person = self.application.person
        self.one = make_staff(Role.FINANCE, self.call, name="Officer One")
        self.two = make_staff(Role.FINANCE, self.call, name="Officer Two")
        if accepted:
            accept_award(self.award, self.person)
        db.session.commit()

    def give(self, **values: Any) -> PayeeDetails:
        details = give(self.award, self.person, **values)
        db.session.commit()
        return details

    def approve(self, person: Person | None = None, *, seen: int = 1, at: Any = NOW) -> None:
        services.approve(actor=actor_of(person or self.two), award=self.award, seen=seen, now=at)

    def check(self, *, seen: int = 1, at: Any = NOW) -> None:
        call_back(self.award, self.one, seen=seen, at=at)
        self.approve(seen=seen, at=at)
        db.session.commit()

    def holds(self, at: Any = NOW) -> list[Hold]:
        return list(usable_details(self.award, at).holds)

    @property
    def pages(self) -> str:
        return f"/manage/{self.call.slug}/awards/{self.award.id}/payee"


def private_keys(app: FundApp) -> Keyring:
    return Keyring.load(app.extensions["settings"].keys_dir, [Part.PAYEE_PRIVATE])


def actions() -> list[str]:
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
    return [entry.action for entry in entries if entry.action.startswith("payee:")]


def mails() -> list[MailMessage]:
    return [each for each in db.session.scalars(select(MailMessage)) if each.template == "payee_changed"]


def token_of(app: FundApp, details: PayeeDetails) -> str:
    return link_token(app.config["SECRET_KEY"], details.id)


def test_details_are_asked_only_once_the_award_is_accepted_and_of_its_own_people(app):
    made = Round(accepted=False)
    with pytest.raises(Conflict):
        made.give()
    accept_award(made.award, made.person)
    with pytest.raises(NotAllowed):
        give(made.award, make_person())
    friend = make_person()
    make_member(friend, made.application.organisation, MembershipRole.COLLABORATOR)
    with pytest.raises(NotAllowed):
        give(made.award, friend)
    assert made.holds() == [Hold.NO_DETAILS]
    made.give()
    assert made.holds() == [Hold.UNCALLED, Hold.UNAPPROVED]


def test_what_was_typed_is_sealed_and_only_the_private_key_opens_it(app, caplog):
    caplog.set_level(logging.DEBUG)
    made = Round()
    details = made.give()
    everything = dumped(app)
    assert [canary for canary in CANARIES if canary.encode() in everything] == []
    assert [canary for canary in CANARIES if canary in caplog.text] == []
    assert details.shown == {
        "route": "bank", "mask": "•••• 3000", "country": "DE", "currency": "EUR",
        "hints": ["other_name", "other_currency"],
    }  # fmt: skip
    assert Part.PAYEE_PRIVATE not in current_keys().parts
    with pytest.raises(KeysError):
        open_details(details, current_keys())
    opened = open_details(details, private_keys(app))
    assert (opened["account"], opened["holder"]) == ("DE89370400440532013000", TYPED["holder"])


def test_details_of_another_award_or_version_do_not_open(app):
    made, other = Round(), Round()
    ours, theirs = made.give(), other.give(account=OTHER_IBAN, country="GB", bic="")
    ours.sealed, theirs.sealed = theirs.sealed, ours.sealed
    with pytest.raises(NotOpened):
        open_details(ours, private_keys(app))
    db.session.rollback()
    later = made.give(seen=1)
    with db.session.no_autoflush:
        later.sealed = versions_of(made.award)[1].sealed
        with pytest.raises(NotOpened):
            open_details(later, private_keys(app))
    db.session.rollback()


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"account": "DE88 3704 0044 0532 0130 00"}, ["account"]),
        ({"country": "FR"}, ["account", "bic"]),
        ({"holder": "", "town": " ", "currency": "XXX"}, ["currency", "holder", "town"]),
        ({"holder": "تعاونية الكناري"}, ["latin"]),
        ({"holder": "تعاونية الكناري", "latin": "Coopérative"}, ["latin"]),
        ({"route": "host"}, ["host"]),
        ({"route": "agreed", "account": "wrong"}, ["agreed"]),
        ({"note": "x" * 2001, "bank": "x" * 141}, ["bank", "note"]),
    ],
)
def test_row_99_everything_that_is_wrong_is_told_beside_its_field_and_nothing_is_kept(app, values, fields):
    made = Round()
    with pytest.raises(RuleViolations) as refused:
        made.give(**values)
    assert sorted(str(problem.field) for problem in refused.value.problems) == fields
    assert not any(str(value) in str(refused.value) for value in values.values() if len(value) > 8)
    assert versions_of(made.award) == []


@pytest.mark.parametrize(
    ("values", "hints"),
    [
        ({}, ["other_name"]),
        ({"holder": "OURS"}, []),
        ({"currency": "XAF"}, ["other_name", "other_currency"]),
        ({"country": "KE", "account": "0123456789", "bic": "", "bank": "Sample Bank"}, ["other_name", "unchecked"]),
        ({"route": "host", "host": "Kind Host", "holder": "kind host"}, []),
        ({"route": "agreed", "agreed": "Cash at the office."}, ["other_name", "unchecked"]),
    ],
)
def test_row_99_what_a_person_has_to_look_at_is_told_and_refuses_nothing(app, values, hints):
    made = Round()
    if values.get("holder") == "OURS":
        values = {"holder": made.application.organisation_name.upper()}
    shown = made.give(**{"currency": made.award.currency, **values}).shown
    assert shown["hints"] == hints


def test_the_first_version_needs_a_call_and_a_second_person_and_no_rest(app):
    made = Round()
    made.give()
    with pytest.raises(Conflict):
        made.approve()  # nobody called
    call_back(made.award, made.one, outcome=CallOutcome.UNREACHED)
    with pytest.raises(Conflict):
        made.approve()  # nobody was reached
    call_back(made.award, made.one)
    assert made.holds() == [Hold.UNAPPROVED]
    with pytest.raises(Conflict):
        made.approve(made.one)  # who called
    made.approve()
    made.approve()
    usable = usable_details(made.award, NOW)
    assert usable.holds == []
    assert usable.details is not None
    assert (usable.details.number, usable.details.approved_by_id) == (1, made.two.id)
    db.session.commit()
    assert actions() == ["payee:give", "payee:call", "payee:call", "payee:approve"]


def test_row_96_a_changed_version_rests_is_checked_anew_and_the_old_one_is_never_used_again(app):
    made = Round()
    first = made.give()
    made.check()
    assert made.holds() == []
    with pytest.raises(Conflict):
        made.give(seen=1, at=NOW + DAY, second_factor=False)
    with pytest.raises(Conflict):
        made.give(seen=0, at=NOW + DAY)  # typed on a page that showed none
    second = made.give(seen=1, at=NOW + DAY, account=OTHER_IBAN, country="GB", bic="")
    assert made.holds(NOW + DAY) == [Hold.UNCALLED, Hold.UNAPPROVED, Hold.COOLING]
    with pytest.raises(Conflict):
        made.approve(seen=1, at=NOW + DAY)  # what counts no more
    made.check(seen=2, at=NOW + DAY)
    assert made.holds(NOW + DAY + COOLING - HOUR) == [Hold.COOLING]
    usable = usable_details(made.award, NOW + DAY + COOLING)
    assert (usable.details, usable.holds) == (second, [])
    assert [each.number for each in versions_of(made.award)] == [2, 1]
    assert open_details(first, private_keys(app))["account"] == "DE89370400440532013000"


def test_the_number_of_a_call_is_older_than_the_details(app):
    made = Round()
    made.give(at=NOW + DAY)
    for values in (
        {"known_since": NOW + 2 * DAY}, {"known_since": NOW + DAY}, {"known_since": None}, {"phone": " "},
        {"note": "x" * 2001},
    ):  # fmt: skip
        with pytest.raises(RuleViolations) as refused:
            call_back(made.award, made.one, at=NOW + 2 * DAY, **values)
        assert [problem.field for problem in refused.value.problems] == list(values)
    sent = made.application.submissions[-1]
    assert call_back(made.award, made.one, known=Known.APPLICATION, known_since=None).known_since == sent.submitted_at
    sent.submitted_at = NOW + 2 * DAY
    with pytest.raises(RuleViolations) as refused:
        call_back(made.award, made.one, known=Known.APPLICATION, known_since=None)
    assert [problem.field for problem in refused.value.problems] == ["known"]
    db.session.rollback()


def test_row_93_nobody_checks_what_is_their_own(app):
    made = Round()
    own = make_staff(Role.FINANCE, made.call)
    made.give()
    call_back(made.award, made.one)
    make_member(own, made.application.organisation, MembershipRole.APPLICANT)
    db.session.commit()
    with pytest.raises(NotFound):
        made.approve(own)
    with pytest.raises(NotFound):
        call_back(made.award, own)
    with pytest.raises(NotFound):
        managed_payee(actor=actor_of(own), call=made.call, award_id=made.award.id)
    assert payees(actor=actor_of(own), call=made.call) == []
    for role in (Role.MANAGER, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            made.approve(make_staff(role, made.call))


def test_everybody_who_held_it_is_written_to_and_their_link_stops_it(app, run_jobs, mail_dir):
    made = Round()
    gone = AddressChange(
        person_id=made.person.id, old_address="gone@example.org", new_address=made.person.email,
        confirm_link_id=made.award.id, requested_at=NOW - 2 * DAY, confirmed_at=NOW - DAY,
    )  # fmt: skip
    db.session.add(gone)
    db.session.flush()
    record(actor=system_actor(), action="address:change", subject=gone, now=NOW)
    second = make_person(email="second@example.org")
    make_member(second, made.application.organisation, MembershipRole.APPLICANT)
    db.session.commit()
    with time_machine.travel(NOW, tick=False):
        details = services.give_details(
            actor=actor_of(made.person), award=made.award, given=given(), seen=0, with_second_factor=True,
            secret_key=app.config["SECRET_KEY"], cooling=COOLING, now=NOW,
        )  # fmt: skip
        unit_of_work.commit(app.queue)
        assert sorted(each.to_address for each in mails()) == sorted(
            [made.person.email, "gone@example.org", "second@example.org"]
        )
        run_jobs()
        texts = [each.read_text() for each in mail_dir.iterdir()]
        assert len(texts) == 3
        token = token_of(app, details)
        assert all(f"/stop/{token}" in text.replace("=\n", "") for text in texts)
        assert not any(word in text for text in texts for word in ("money", "account", "bank", "3000", *CANARIES))
        client = app.test_client()
        assert "Stop it" in client.get(f"/stop/{token}").text
        assert made.holds() == [Hold.UNCALLED, Hold.UNAPPROVED]  # looking stops nothing
        for _ in range(2):
            assert client.post(f"/stop/{token}").status_code == 200
        assert client.get("/stop/unknown").status_code == 410
        assert client.post("/stop/unknown").status_code == 410
    assert made.holds()[0] is Hold.FROZEN
    assert db.session.scalars(select(PayeeFreeze)).one().frozen_by_id is None
    with time_machine.travel(NOW + 31 * DAY, tick=False):
        assert client.get(f"/stop/{token}").status_code == 410


def test_what_is_frozen_stays_so_through_changes_until_two_people_lift_it(app):
    made = Round()
    first = made.give()
    made.check()
    services.freeze_by_link(details=first, now=NOW)
    db.session.commit()
    assert made.holds() == [Hold.FROZEN]
    made.give(seen=1, at=NOW + DAY)
    late = NOW + 9 * DAY
    call_back(made.award, made.one, seen=2, at=late)
    with pytest.raises(Conflict):
        made.approve(seen=2, at=late)
    assert not services.lift(actor=actor_of(made.one), award=made.award, now=late)
    with pytest.raises(Conflict):
        services.lift(actor=actor_of(made.one), award=made.award, now=late)
    assert made.holds(late) == [Hold.FROZEN, Hold.UNAPPROVED]
    assert services.lift(actor=actor_of(made.two), award=made.award, now=late)
    with pytest.raises(Conflict):
        services.lift(actor=actor_of(made.two), award=made.award, now=late)
    assert made.holds(late) == [Hold.UNAPPROVED]
    services.freeze(actor=actor_of(made.one), award=made.award, reason="A strange call.", now=late)
    services.freeze(actor=actor_of(made.two), award=made.award, reason="Again.", now=late)
    db.session.commit()
    assert [each.reason for each in db.session.scalars(select(PayeeFreeze)) if each.lifted_at is None] == [
        "A strange call."
    ]


def test_a_call_in_which_they_know_nothing_of_it_freezes_it(app):
    made = Round()
    made.give()
    call_back(made.award, made.one, outcome=CallOutcome.DENIED)
    db.session.commit()
    assert made.holds()[0] is Hold.FROZEN
    assert actions() == ["payee:give", "payee:call", "payee:freeze"]


def test_the_same_account_of_two_organisations_is_told_to_finance_as_far_as_they_may_see(app):
    made, other = Round(), Round()
    made.give()
    other.give(account=IBAN.replace(" ", "").lower())
    again = make_award(made.call)
    accept_award(again, again.decision.entry.application.person)
    give(again, again.decision.entry.application.person, account=OTHER_IBAN, country="GB", bic="")
    db.session.commit()

    def shared(person: Person, call: Any) -> dict[UUID, list[str]]:
        actor = actor_of(person)
        return dict(sharing(actor=actor, rows=payees(actor=actor, call=call)))

    assert shared(made.one, made.call) == {}  # the other call is not theirs
    everywhere = make_staff(Role.FINANCE)
    assert shared(everywhere, made.call) == {made.award.id: [other.award.reference]}
    assert shared(everywhere, other.call) == {other.award.id: [made.award.reference]}
    make_member(everywhere, other.application.organisation, MembershipRole.AFFILIATE)
    db.session.flush()
    assert shared(everywhere, made.call) == {}  # with a conflict of interest there is nothing to see
    other.give(seen=1, at=NOW + DAY, account=OTHER_IBAN, country="GB", bic="")
    auditor = make_staff(Role.AUDITOR)
    assert other.award.reference in shared(auditor, made.call)[made.award.id]  # old versions count as well


def test_erasing_an_application_takes_its_payee_details(app):
    made = Round()
    made.give()
    call_back(made.award, made.one)
    services.freeze(actor=actor_of(made.one), award=made.award, reason="Strange.", now=NOW)
    db.session.commit()
    erase_application(actor=system_actor(), application=made.application, cause=ErasureCause.RETENTION, now=NOW)
    db.session.commit()
    details = db.session.scalars(select(PayeeDetails)).one()
    assert (details.sealed, details.shown_sealed, details.account_sealed, details.account_index) == (None,) * 4
    call = db.session.scalars(select(PayeeCall)).one()
    assert (call.phone_sealed, call.note_sealed) == (None, None)
    assert db.session.scalars(select(PayeeFreeze)).one().reason_sealed is None
    assert open_details(details, private_keys(app)) == {}
    assert made.holds() == [Hold.ERASED]
    with pytest.raises((Conflict, NotAllowed)):
        made.give(seen=1)


def test_keys_are_exchanged_and_everything_still_opens_and_is_found(app, tmp_path, monkeypatch):
    made, other = Round(), Round()
    made.give()
    other.give()
    folder = app.extensions["settings"].keys_dir
    old = {ring: max(keys.numbers_in(folder, ring)) for ring in (Ring.PAYEE, Ring.INDEX)}
    for ring in old:
        keys.rotate(folder, ring)
    monkeypatch.setitem(app.extensions, "keys", Keyring.load(folder, keys.WEB))
    everywhere = actor_of(make_staff(Role.FINANCE))
    db.session.commit()
    rows = payees(actor=everywhere, call=made.call)
    assert sharing(actor=everywhere, rows=rows)  # while keys are exchanged as well
    private = private_keys(app)
    assert sum(rekeying.rewrap(Ring.PAYEE, now=NOW, private=private)) == 2
    sum(rekeying.rewrap(Ring.INDEX, now=NOW))
    db.session.commit()
    assert rekeying.in_use(Ring.PAYEE) == {old[Ring.PAYEE] + 1: 2}
    assert set(rekeying.in_use(Ring.INDEX)) == {old[Ring.INDEX] + 1}
    for details in db.session.scalars(select(PayeeDetails)):
        assert open_details(details, private)["account"] == "DE89370400440532013000"
    assert sharing(actor=everywhere, rows=payees(actor=everywhere, call=made.call))


def test_of_two_changes_at_once_one_counts_and_the_other_is_told(app: FundApp) -> None:
    made = Round()
    award_id, person_id = made.award.id, made.person.id
    db.session.commit()

    def giving(account: str, country: str) -> Any:
        def run() -> object:
            award, person = db.session.get_one(Award, award_id), db.session.get_one(Person, person_id)
            return give(award, person, account=account, country=country, bic="")

        return run

    results = all_at_once(app, [giving(IBAN, "DE"), giving(OTHER_IBAN, "GB")])
    assert sorted(results)[-1] == "done"
    assert results.count("done") == 1
    assert [each.number for each in versions_of(made.award)] == [1]


def test_people_say_it_on_the_page_of_their_letter_and_read_only_masks(app: FundApp, signed_in: SignedIn) -> None:
    made = Round(accepted=False)
    page = letter_for(app, made.award).removesuffix("/award") + "/payee"
    friend = make_person()
    make_member(friend, made.application.organisation, MembershipRole.COLLABORATOR)
    client = signed_in(made.person)
    assert "Accept the award first" in client.get(page).text
    assert page not in client.get(page.removesuffix("/payee")).text
    assert client.post(page, data=TYPED | {"seen": "0"}).status_code == 409
    accept_award(made.award, made.person)
    db.session.commit()
    assert page in client.get(page.removesuffix("/payee")).text
    assert 'name="account"' not in signed_in(friend).get(page).text
    assert signed_in(friend).post(page, data=TYPED | {"seen": "0"}).status_code == 403
    assert signed_in(make_person()).get(page).status_code == 404
    assert signed_in(make_person()).post(page, data=TYPED | {"seen": "0"}).status_code == 404
    assert signed_in(made.person, fresh=False).post(page, data=TYPED | {"seen": "0"}).status_code == 401
    wrong = client.post(page, data=TYPED | {"seen": "0", "bic": "SOMEWHERE", "town": ""})
    assert wrong.status_code == 422
    for kept in (TYPED["holder"], IBAN, "SOMEWHERE", "Canary note"):
        assert kept in wrong.text
    assert re.findall(r'id="([a-z]+)-error"', wrong.text) == ["town", "bic"]
    assert client.post(page, data=TYPED | {"seen": "0", "route": "by pigeon"}).status_code == 422
    with client.session_transaction() as cookie:
        assert "Canary" not in str(dict(cookie))
    assert client.post(page, data=TYPED | {"seen": "0"}).status_code == 302
    shown = client.get(page).text
    assert "•••• 3000" in shown
    assert "Set one up first" in shown  # a change needs a second factor
    assert [canary for canary in CANARIES if canary in shown] == []
    assert "•••• 3000" not in signed_in(friend).get(page).text
    assert client.post(page, data=TYPED | {"seen": "1"}).status_code == 409
    give_app(made.person)
    strong = signed_in(made.person)
    assert strong.post(page, data=TYPED | {"seen": "0"}).status_code == 409
    assert (
        strong.post(page, data=TYPED | {"seen": "1", "account": OTHER_IBAN, "country": "GB", "bic": ""}).status_code
        == 302
    )
    shown = strong.get(page).text
    assert "•••• 5555" in shown
    assert "May be used from" in shown
    assert [each.with_second_factor for each in versions_of(made.award)] == [True, False]


def test_finance_calls_and_approves_on_pages_and_managers_read_only_how_far_it_is(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = Round()
    made.give()
    listed = f"/manage/{made.call.slug}/payees"
    manager, auditor = make_staff(Role.MANAGER, made.call), make_staff(Role.AUDITOR, made.call)
    one, two = signed_in(made.one), signed_in(made.two)
    shown = one.get(f"{listed}?state=uncalled").text
    assert made.award.reference in shown
    assert "•••• 3000" in shown
    assert made.award.reference not in one.get(f"{listed}?state=frozen").text
    data = {
        "seen": "1", "known": "elsewhere", "known_since-day": "1", "known_since-month": "1", "known_since-year": "2019",
        "phone": "+999 555 0100", "outcome": "confirmed", "note": "Spoke to Ada.",
    }  # fmt: skip
    wrong = one.post(f"{made.pages}/call", data=data | {"known_since-year": "2199"})
    assert wrong.status_code == 422
    assert "Spoke to Ada." in wrong.text
    assert one.post(f"{made.pages}/call", data=data | {"seen": "9"}).status_code == 409
    assert signed_in(made.one, fresh=False).post(f"{made.pages}/call", data=data).status_code == 401
    assert one.post(f"{made.pages}/call", data=data).status_code == 302
    assert one.post(f"{made.pages}/approve", data={"seen": "1"}).status_code == 409
    assert "To be approved" in two.get(made.pages).text
    assert two.post(f"{made.pages}/approve", data={"seen": "1"}).status_code == 302
    assert "May be used" in two.get(made.pages).text
    told = signed_in(manager).get(f"/manage/{made.call.slug}/awards/{made.award.id}").text
    assert "May be used" in told
    assert "3000" not in told
    assert signed_in(manager).get(made.pages).status_code == 403
    assert "•••• 3000" in signed_in(auditor).get(made.pages).text
    assert signed_in(auditor).post(f"{made.pages}/freeze", data={"reason": "No."}).status_code == 403
    assert two.post(f"{made.pages}/freeze", data={"reason": ""}).status_code == 422
    assert two.post(f"{made.pages}/freeze", data={"reason": "Strange."}).status_code == 302
    assert "Frozen" in one.get(made.pages).text
    assert two.post(f"{made.pages}/lift").status_code == 302
    assert two.post(f"{made.pages}/lift").status_code == 409
    assert one.post(f"{made.pages}/lift").status_code == 302
    assert "May be used" in one.get(made.pages).text


def test_nothing_of_a_protected_application_is_told_but_masks(app: FundApp, signed_in: SignedIn) -> None:
    made = Round()
    name = made.application.organisation_name
    make_protected(made.application)
    made.give()
    call_back(made.award, made.one, note="Spoke to Zorana.")
    services.freeze(actor=actor_of(made.one), award=made.award, reason="Zorana said so.", now=NOW)
    db.session.commit()
    client = signed_in(made.one)
    for page in (made.pages, f"/manage/{made.call.slug}/payees"):
        shown = client.get(page).text
        assert "•••• 3000" in shown
        assert not any(word in shown for word in ("Germany", "Zorana", "555 0100", name))


def test_the_list_asks_as_much_of_the_database_for_many_as_for_few(app: FundApp, signed_in: SignedIn) -> None:
    counts = []
    for size in (1, 7):
        made = Round()
        made.give()
        for _ in range(size):
            award = make_award(made.call)
            accept_award(award, award.decision.entry.application.person)
            frozen = give(award, award.decision.entry.application.person)
            call_back(award, made.one)
            services.approve(actor=actor_of(make_staff(Role.FINANCE, made.call)), award=award, seen=1, now=NOW)
            services.freeze_by_link(details=frozen, now=NOW)
            services.lift(actor=actor_of(make_staff(Role.FINANCE, made.call)), award=award, now=NOW)
        client = signed_in(made.one)
        with counted_statements() as statements:
            assert client.get(f"/manage/{made.call.slug}/payees").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_where_it_stands_follows_the_rule_for_every_award(app):
    made = Round()
    assert payee_of(made.award).facts.is_accepted
    assert not payee_of(make_award(made.call)).facts.is_accepted
