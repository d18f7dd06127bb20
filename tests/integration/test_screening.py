"""Names are looked up in lists that staff hand in; two people decide about each find, and money waits until then."""

import io
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.organisations import organisation_key
from fundapp.applications.models import ConflictOfInterest, ConflictSource
from fundapp.applications.services.openings import open_identity
from fundapp.core.audit import AuditEntry, record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Award, SanctionList, Screening, ScreeningHit
from fundapp.disbursement.queries.screening import (
    hits_of,
    newest_lists,
    screened_award,
    screened_awards,
    screening_holds,
)
from fundapp.disbursement.screening_rules import HitStatus, Outcome, ScreeningHold, Source, Subject
from fundapp.disbursement.services import screening as services
from fundapp.disbursement.services.screening import HandedIn, Picked
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application

from ..conftest import NOW, SignedIn, actor_of
from ..factories import make_application, make_call, make_organisation, make_protected, make_staff
from ..funding import make_award
from ..payees import accept_award
from ..sanctions import LIKE_IT, LISTED, consolidated, make_list, sdn
from .test_no_clear_text import dumped
from .test_selection_races import all_at_once

DAY = timedelta(days=1)
OTHER = Outcome.OTHER


class Looked:
    """An accepted award of somebody whose name is like one on a list, and three people who look after money."""

    def __init__(self, name: str = LIKE_IT, *, has_list: bool = True, is_protected: bool = False) -> None:
        self.call = make_call()
        application = make_application(self.call, organisation=make_organisation(name), requested_minor=1_000_000)
        if is_protected:
            make_protected(application)
        self.award: Award = make_award(self.call, application=application)
        self.application = application
        accept_award(self.award, application.person)
        self.one = make_staff(Role.FINANCE, self.call, name="Officer One")
        self.two = make_staff(Role.FINANCE, self.call, name="Officer Two")
        self.manager = make_staff(Role.MANAGER, self.call, name="Manager One")
        if has_list:
            make_list()
        db.session.commit()

    def screen(self, person: Person | None = None, **values: Any) -> Screening | None:
        made = services.screen(actor=actor_of(person or self.one), award=self.award, now=NOW, **values)
        db.session.commit()
        return made

    @property
    def picked(self) -> list[Picked]:
        return [Picked(hit.number, hit.version) for hit in hits_of(self.award)]

    def decide(self, person: Person, outcome: Outcome = OTHER, reason: str = "Another country.") -> None:
        services.decide(
            actor=actor_of(person), award=self.award, picked=self.picked, outcome=outcome, reason=reason, now=NOW
        )
        db.session.commit()

    def confirm(self, person: Person) -> None:
        services.confirm(actor=actor_of(person), award=self.award, picked=self.picked, now=NOW)
        db.session.commit()

    def open(self, person: Person) -> None:
        open_identity(actor=actor_of(person), application=self.application, reason="To screen.", now=NOW)
        db.session.commit()

    @property
    def holds(self) -> list[ScreeningHold]:
        return screening_holds(self.award)

    @property
    def page(self) -> str:
        return f"/manage/{self.call.slug}/awards/{self.award.id}/screening"


def test_money_waits_until_names_are_looked_up_and_two_people_said_who_it_is(app):
    looked = Looked()
    assert looked.holds == [ScreeningHold.UNSCREENED]
    looked.screen()
    assert looked.holds == [ScreeningHold.UNDECIDED]
    (hit,) = hits_of(looked.award)
    assert (hit.subject, hit.status, hit.list.source) == (Subject.ORGANISATION, HitStatus.OPEN, Source.OFAC)
    assert hit.found == {"name": LIKE_IT, "uid": "1", "listed": LISTED, "main": LISTED, "about": "SAMPLIA"}
    looked.decide(looked.one)
    assert looked.holds == [ScreeningHold.UNDECIDED]
    looked.confirm(looked.two)
    assert looked.holds == []
    assert hits_of(looked.award)[0].status is HitStatus.OTHER
    actions = [each.action for each in db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]
    assert [each for each in actions if each.startswith(("screening", "sanctions"))] == [
        "sanctions:take", "screening:make", "screening:find", "screening:decide", "screening:confirm",
    ]  # fmt: skip


def test_the_same_one_is_held_and_refused_by_nobody_and_can_be_asked_anew(app):
    looked = Looked()
    looked.screen()
    looked.decide(looked.one, Outcome.SAME)
    looked.confirm(looked.two)
    assert looked.holds == [ScreeningHold.SAME]
    services.reopen(actor=actor_of(looked.one), award=looked.award, picked=looked.picked, now=NOW)
    db.session.commit()
    assert looked.holds == [ScreeningHold.UNDECIDED]
    assert hits_of(looked.award)[0].reason == ""


def test_a_name_that_is_like_none_asks_nobody(app):
    looked = Looked("Casa de Ensaios")
    looked.screen()
    assert hits_of(looked.award) == []
    assert looked.holds == []


def test_without_any_list_nothing_is_looked_up_and_nothing_is_held(app):
    looked = Looked(has_list=False)
    assert looked.screen() is None
    assert looked.holds == []
    assert db.session.scalars(select(Screening)).all() == []


def test_a_newer_list_or_another_name_is_looked_up_again_and_what_was_decided_is_not_asked_again(app):
    looked = Looked()
    looked.screen()
    looked.decide(looked.one)
    looked.confirm(looked.two)
    looked.screen()
    assert db.session.query(Screening).count() == 1
    make_list(LISTED, "SOMEBODY ELSE", day=date(2020, 9, 13))
    make_list("Oleksandr Samplenko Front", source=Source.UN, day=date(2020, 9, 13))
    db.session.commit()
    assert looked.holds == [ScreeningHold.UNSCREENED]
    looked.screen()
    assert looked.holds == [ScreeningHold.UNDECIDED]
    assert [(hit.list.source, hit.status) for hit in hits_of(looked.award)] == [
        (Source.OFAC, HitStatus.OTHER),
        (Source.UN, HitStatus.OPEN),
    ]
    looked.application.organisation_name = "Casa de Ensaios"
    looked.application.organisation_key = organisation_key("Casa de Ensaios")
    record(actor=system_actor(), action="test:prepare", subject=looked.application, now=NOW)
    db.session.commit()
    assert ScreeningHold.UNSCREENED in looked.holds


def test_names_that_were_opened_are_looked_up_and_nowhere_else_kept_in_clear(app):
    looked = Looked("Casa de Ensaios")
    looked.screen()
    looked.screen(opened={Subject.ACCOUNT: LIKE_IT})
    (hit,) = hits_of(looked.award)
    assert hit.subject is Subject.ACCOUNT
    assert looked.holds == [ScreeningHold.UNDECIDED]
    assert LIKE_IT.encode() not in dumped(app)


def test_nobody_is_both_people_not_even_for_the_database(app):
    looked = Looked()
    looked.screen()
    with pytest.raises(Conflict):
        looked.confirm(looked.two)
    db.session.rollback()
    looked.decide(looked.one)
    with pytest.raises(Conflict):
        looked.confirm(looked.one)
    db.session.rollback()
    with pytest.raises(Conflict):
        looked.decide(looked.two)
    db.session.rollback()
    (hit,) = hits_of(looked.award)
    with pytest.raises(IntegrityError, match="confirmed_by_another"):
        db.session.execute(text("UPDATE screening_hit SET confirmed_by_id = decided_by_id, confirmed_at = decided_at"))
    db.session.rollback()
    assert hit.status is HitStatus.DECIDED


def test_who_read_an_older_page_decides_nothing(app):
    looked = Looked()
    looked.screen()
    old = looked.picked
    looked.decide(looked.one, Outcome.OTHER)
    read = looked.picked
    services.reopen(actor=actor_of(looked.two), award=looked.award, picked=read, now=NOW)
    db.session.commit()
    looked.decide(looked.one, Outcome.SAME)
    with pytest.raises(Conflict):
        services.confirm(actor=actor_of(looked.two), award=looked.award, picked=read, now=NOW)
    db.session.rollback()
    for picked in (old, [Picked(99, 1)]):
        with pytest.raises(Conflict):
            services.confirm(actor=actor_of(looked.two), award=looked.award, picked=picked, now=NOW)
        db.session.rollback()
    with pytest.raises(RuleViolations):
        services.confirm(actor=actor_of(looked.two), award=looked.award, picked=[], now=NOW)


def test_of_two_first_people_at_once_one_decides(app):
    looked = Looked()
    looked.screen()
    award_id, picked, people = looked.award.id, looked.picked, [looked.one.id, looked.two.id]
    db.session.commit()

    def decide(person_id: UUID) -> None:
        actor, award = actor_of(db.session.get_one(Person, person_id)), db.session.get_one(Award, award_id)
        services.decide(actor=actor, award=award, picked=picked, outcome=OTHER, reason="Another town.", now=NOW)

    assert sorted(all_at_once(app, [partial(decide, each) for each in people])) == ["Conflict", "done"]


def test_a_reason_is_written_and_only_those_who_may_decide(app):
    looked = Looked()
    looked.screen()
    with pytest.raises(RuleViolations):
        looked.decide(looked.one, reason="  ")
    db.session.rollback()
    with pytest.raises(RuleViolations):
        looked.decide(looked.one, reason="x" * 2001)
    db.session.rollback()
    for role in (Role.AUDITOR, Role.REVIEWER, Role.CHAIR, Role.RATIFIER):
        with pytest.raises(NotAllowed):
            looked.decide(make_staff(role, looked.call))
        db.session.rollback()


def test_whoever_has_a_conflict_of_interest_reads_and_decides_nothing(app):
    looked = Looked()
    looked.screen()
    actor = actor_of(looked.one)
    stated = ConflictOfInterest(
        application_id=looked.application.id,
        person_id=looked.one.id,
        source=ConflictSource.SET_BY_MANAGER,
        recorded_at=NOW,
    )
    db.session.add(stated)
    db.session.flush()
    record(actor=actor, action="test:prepare", subject=looked.application, now=NOW)
    db.session.commit()
    assert screened_awards(actor=actor, call=looked.call) == []
    with pytest.raises(NotFound):
        screened_award(actor=actor, call=looked.call, award_id=looked.award.id)
    with pytest.raises(NotFound):
        looked.decide(looked.one)
    db.session.rollback()
    assert services.screen_call(actor=actor, call=looked.call, now=NOW) == 0


def test_of_a_protected_award_only_those_who_opened_it_read_what_was_found(app, signed_in: SignedIn):
    looked = Looked(is_protected=True)
    looked.screen()
    assert looked.holds == [ScreeningHold.UNDECIDED]
    finance = screened_award(actor=actor_of(looked.one), call=looked.call, award_id=looked.award.id)
    assert finance.hits is None
    with pytest.raises(NotAllowed):
        looked.decide(looked.one)
    db.session.rollback()
    with pytest.raises(Conflict):
        looked.decide(looked.manager)
    db.session.rollback()
    pages = (looked.page, f"/manage/{looked.call.slug}/screening")
    for person in (looked.one, looked.manager):
        client = signed_in(person)
        for page in pages:
            answer = client.get(page).text
            assert LISTED not in answer
            assert LIKE_IT not in answer
    looked.open(looked.manager)
    client = signed_in(looked.manager)
    assert LISTED in client.get(looked.page).text
    looked.decide(looked.manager)
    assert hits_of(looked.award)[0].status is HitStatus.DECIDED
    assert LISTED not in signed_in(looked.one).get(looked.page).text


def test_names_found_and_reasons_are_sealed_and_go_with_the_application(app):
    looked = Looked()
    looked.screen()
    looked.decide(looked.one, reason="Canary reason")
    assert b"Canary reason" not in dumped(app)
    erase_application(actor=system_actor(), application=looked.application, cause=ErasureCause.REQUEST, now=NOW)
    db.session.commit()
    (hit,) = hits_of(looked.award)
    assert (hit.found, hit.reason) == (None, "")
    assert hit.decided_by_id == looked.one.id
    (made,) = db.session.scalars(select(Screening))
    assert made.names is None


def test_lists_are_kept_with_day_hash_and_count_and_the_newest_of_each_holds(app):
    officer = make_staff(Role.FINANCE)
    first = make_list("ONE SAMPLE", "TWO SAMPLE", person=officer, day=date(2020, 9, 1))
    second = make_list("ONE SAMPLE", person=officer, day=date(2020, 9, 10))
    un = make_list("SAMPLE FRONT", source=Source.UN, person=officer, day=date(2020, 9, 2))
    db.session.commit()
    assert (first.number, first.entries, first.listed_on) == (1, 2, date(2020, 9, 1))
    assert newest_lists() == {Source.OFAC: second, Source.UN: un}
    assert len(first.sha256) == 64


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (HandedIn(Source.OFAC, b""), "file"),
        (HandedIn(Source.OFAC, b"no list", listed_on=date(2020, 9, 1)), "file"),
        (HandedIn(Source.OFAC, sdn(LISTED)), "listed_on"),
        (HandedIn(Source.OFAC, sdn(LISTED), listed_on=date(2020, 9, 15)), "listed_on"),
        (HandedIn(Source.OFAC, sdn(LISTED), listed_on=date(2020, 8, 1)), "file"),
        (HandedIn(Source.OFAC, sdn("KEPT SAMPLE"), listed_on=date(2020, 9, 1)), "file"),
        (HandedIn(Source.UN, consolidated("FRONT", day="2020-09-20")), "listed_on"),
        (HandedIn(Source.UN, consolidated("FRONT"), alt=b"x"), "alt"),
        (HandedIn(Source.UN, b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'), "file"),
    ],
)
def test_row_51_a_file_that_is_no_list_or_no_newer_one_is_refused_beside_its_field(app, given, field):
    officer = make_staff(Role.FINANCE)
    make_list("KEPT SAMPLE", person=officer, day=date(2020, 9, 1))
    db.session.commit()
    with pytest.raises(RuleViolations) as refused:
        services.take_list(actor=actor_of(officer), given=given, now=NOW)
    assert [each.field for each in refused.value.problems] == [field]
    assert len(db.session.scalars(select(SanctionList)).all()) == 1


def test_lists_serve_every_call_so_only_finance_of_every_call_hands_them_in(app, signed_in: SignedIn):
    call = make_call()
    of_one_call = make_staff(Role.FINANCE, call)
    db.session.commit()
    given = HandedIn(Source.OFAC, sdn(LISTED), listed_on=date(2020, 9, 1))
    for person in (of_one_call, make_staff(Role.MANAGER), make_staff(Role.AUDITOR)):
        db.session.commit()
        with pytest.raises(NotAllowed):
            services.take_list(actor=actor_of(person), given=given, now=NOW)
        db.session.rollback()
        assert signed_in(person).post("/sanctions").status_code == 403
        assert "Keep this list" not in signed_in(person).get("/sanctions").text


def test_two_people_decide_on_the_pages(app: FundApp, signed_in: SignedIn, clock):
    clock.move_to(NOW)
    looked = Looked(has_list=False)
    officer = make_staff(Role.FINANCE, name="Officer of all")
    db.session.commit()
    client = signed_in(officer)
    form = {
        "source": "ofac", "listed_on-day": "1", "listed_on-month": "9", "listed_on-year": "2020",
        "file": (io.BytesIO(sdn(LISTED)), "sdn.csv"),
    }  # fmt: skip
    wrong = client.post("/sanctions", data=form | {"file": (io.BytesIO(b"no"), "sdn.csv")})
    assert wrong.status_code == 422
    assert "This is not sdn.csv" in wrong.text
    assert client.post("/sanctions", data=form).status_code == 302
    shown = client.get("/sanctions").text
    assert "More than seven days old" in shown
    assert "No list of this source was handed in: United Nations" in shown
    one, two = signed_in(looked.one), signed_in(looked.two)
    assert one.post(f"/manage/{looked.call.slug}/screening").status_code == 302
    assert LISTED in one.get(looked.page).text
    assert one.post(f"{looked.page}/decide", data={"outcome": "other", "reason": "Another town."}).status_code == 422
    empty = one.post(f"{looked.page}/decide", data={"picked": "1-1", "outcome": "other", "reason": ""})
    assert empty.status_code == 422
    assert "Write the reason." in empty.text
    decided = {"picked": "1-1", "outcome": "other", "reason": "Another town."}
    assert one.post(f"{looked.page}/decide", data=decided).status_code == 302
    assert one.post(f"{looked.page}/decide", data=decided).status_code == 409
    assert "Confirm as the second person" not in one.get(looked.page).text
    assert one.post(f"{looked.page}/confirm", data={"decided": "1-2"}).status_code == 409
    assert "Another town." in two.get(looked.page).text
    assert two.post(f"{looked.page}/confirm", data={}).status_code == 422
    assert two.post(f"{looked.page}/confirm", data={"decided": "x"}).status_code == 409
    assert two.post(f"{looked.page}/confirm", data={"decided": "1-2"}).status_code == 302
    assert looked.holds == []
    assert "Nothing holds it here" in two.get(f"/manage/{looked.call.slug}/screening").text
    assert two.post(f"{looked.page}/reopen", data={"again": "1-3"}).status_code == 302
    assert looked.holds == [ScreeningHold.UNDECIDED]


def test_auditors_read_and_do_nothing(app, signed_in: SignedIn):
    looked = Looked()
    looked.screen()
    auditor = make_staff(Role.AUDITOR, looked.call)
    db.session.commit()
    client = signed_in(auditor)
    assert LISTED in client.get(looked.page).text
    assert "Decide as the first person" not in client.get(looked.page).text
    assert client.post(f"/manage/{looked.call.slug}/screening").status_code == 403


def test_all_accepted_awards_of_a_call_are_looked_up_and_no_others(app):
    looked = Looked()
    make_award(looked.call, application=make_application(looked.call, organisation=make_organisation(LISTED)))
    db.session.commit()
    assert services.screen_call(actor=actor_of(looked.one), call=looked.call, now=NOW) == 1
    assert db.session.scalars(select(ScreeningHit.award_id)).all() == [looked.award.id]
