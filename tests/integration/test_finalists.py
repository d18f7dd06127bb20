"""Finalists: named by people, shown only with the yes of their own people, announced at a moment, winners after."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import MembershipRole, Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Application, ApplicationStatus, Entry, ProgrammeKind
from fundapp.applications.services.protection import protect
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.retention.models import ErasureCause
from fundapp.retention.services import erase_application
from fundapp.review.finalist_rules import Profile
from fundapp.review.models import Finalist, FinalistProfile, ProfileStatus, SlateStatus
from fundapp.review.presentation import minutes_prize
from fundapp.review.presentation.minutes_parts import Minuted
from fundapp.review.queries.finalists import finalist_rows, own_profile, profiles_waiting, shown_finalists
from fundapp.review.queries.selection import selection
from fundapp.review.services.finalists import announce_finalists, answer_profile, name_finalists, write_profile
from tests.conftest import actor_of
from tests.factories import (
    NOW,
    make_application,
    make_call,
    make_decision,
    make_member,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

SignedIn = Callable[[Person | None], FlaskClient]


class Prize:
    """A prize of two categories, with three scored entries in the first: marks 5, 4 and 2."""

    def __init__(self) -> None:
        self.call = make_call(kind=ProgrammeKind.PRIZE, categories=2, reviews_per_entry=1)
        self.manager = make_staff(Role.MANAGER)
        self.reviewer = make_reviewer(self.call)
        self.applications = [self.application(name, mark) for name, mark in (("Best", 5), ("Good", 4), ("Weak", 2))]
        self.best, self.good, self.weak = (each.entries[0] for each in self.applications)

    def application(self, name: str, mark: int) -> Application:
        person = make_person(f"{name} Holder")
        made = make_application(self.call, person=person, categories=self.call.categories[:1])
        made.organisation_name = f"{name} Paralegals (sample)"
        make_review(made.entries[0], self.reviewer, [mark, mark])
        return made

    def name(self, *entries: Entry, reason: str = "") -> None:
        named = {entry.id: reason for entry in entries}
        name_finalists(actor=actor_of(self.manager), call=self.call, named=named, now=NOW)

    def write(self, entry: Entry, *, text: str = "They hold open days.", asks: bool = True) -> FinalistProfile:
        name = entry.application.organisation_name
        version = db.session.scalar(
            select(FinalistProfile.said_version).where(FinalistProfile.application_id == entry.application_id)
        )
        return write_profile(
            actor=actor_of(self.manager),
            call=self.call,
            entry_id=entry.id,
            profile=Profile(name, "Open days", {"en": text}),
            version=version or 0,
            asks=asks,
            now=NOW,
        )

    def answer(self, profile: FinalistProfile, *, agrees: bool = True) -> None:
        actor = actor_of(profile.application.person)
        version = profile.said_version
        answer_profile(actor=actor, profile=profile, said=profile.said, version=version, agrees=agrees, now=NOW)

    def agreed(self, *entries: Entry) -> None:
        self.name(*entries)
        for entry in entries:
            self.answer(self.write(entry))

    def announce(self) -> None:
        announce_finalists(actor=actor_of(self.manager), call=self.call, now=NOW)

    @property
    def shown(self) -> list[str]:
        return [each.profile.said.name for each in shown_finalists(call=self.call)]


def test_the_scores_put_forward_and_a_choice_against_them_needs_its_reason(app):
    prize = Prize()
    with pytest.raises(RuleViolations) as refusal:
        prize.name(prize.weak)
    assert [problem.field for problem in refusal.value.problems] == [f"reason_{prize.weak.id}"]
    prize.name(prize.best)
    prize.name(prize.best, prize.weak, reason="It works where nobody else does.")
    assert set(db.session.scalars(select(Finalist.entry_id))) == {prize.best.id, prize.weak.id}
    prize.name(prize.best, reason="It works where nobody else does.")
    assert db.session.scalars(select(Finalist.entry_id)).all() == [prize.best.id]
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_type == "finalist"))
    db.session.commit()
    assert set(actions) <= {"finalist:name", "finalist:take_back"}


def test_what_is_not_eligible_or_of_another_call_can_not_be_named(app):
    prize, other = Prize(), Prize()
    prize.applications[0].status = ApplicationStatus.SUBMITTED
    prize.applications[0].eligibility_at = prize.applications[0].eligibility_by_id = None
    for entry in (prize.best, other.best):
        with pytest.raises(RuleViolations):
            prize.name(entry)


def test_nothing_is_named_by_somebody_without_the_right_or_after_the_list_was_sent(app):
    prize = Prize()
    with pytest.raises(NotAllowed):
        name_finalists(actor=actor_of(make_staff(Role.AUDITOR)), call=prize.call, named={}, now=NOW)
    make_slate(prize.call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        prize.name(prize.best)


def test_nobody_is_shown_before_the_announcement_and_only_who_agreed_after_it(app, signed_in: SignedIn):
    prize = Prize()
    prize.name(prize.best, prize.good)
    prize.answer(prize.write(prize.best))
    waiting = prize.write(prize.good)
    visitor, address = signed_in(None), f"/calls/{prize.call.slug}/finalists"
    assert visitor.get(address).status_code == 404
    prize.announce()
    db.session.commit()
    page = visitor.get(address).text
    assert "Best Paralegals" in page
    assert "They hold open days." in page
    assert "Good Paralegals" not in page
    prize.answer(waiting)
    db.session.commit()
    page = visitor.get(address).text
    assert page.index("Best Paralegals") < page.index("Good Paralegals")
    prize.answer(waiting, agrees=False)
    db.session.commit()
    assert "Good Paralegals" not in visitor.get(address).text


def test_a_page_without_somebody_is_the_page_of_a_call_that_never_had_them(app, signed_in: SignedIn):
    """The application that is protected comes first by name and rank: a gap or a number would tell."""
    prize = Prize()
    prize.agreed(prize.best, prize.good)
    prize.announce()
    visitor, address = signed_in(None), f"/calls/{prize.call.slug}/finalists"
    assert "Best Paralegals" in visitor.get(address).text
    protect(actor=system_actor(), application=prize.applications[0], reason="They are threatened.", now=NOW)
    db.session.commit()
    protected = visitor.get(address).text
    db.session.delete(db.session.scalars(select(Finalist).where(Finalist.entry_id == prize.best.id)).one())
    db.session.commit()
    assert "Good Paralegals" in protected
    assert protected == visitor.get(address).text


def test_a_protected_application_gets_no_profile_and_its_people_are_not_asked(app, signed_in: SignedIn):
    prize = Prize()
    prize.name(prize.best)
    profile = prize.write(prize.best)
    holder = actor_of(prize.applications[0].person)
    assert profiles_waiting(actor=holder) == [profile]
    protect(actor=system_actor(), application=prize.applications[0], reason="They are threatened.", now=NOW)
    assert profiles_waiting(actor=holder) == []
    with pytest.raises(NotFound):
        own_profile(actor=holder, application_id=prize.applications[0].id)
    with pytest.raises(Conflict):
        prize.write(prize.best)
    with pytest.raises(Conflict):
        prize.answer(profile)
    page = signed_in(prize.manager).get(f"/manage/{prize.call.slug}/finalists").text
    assert "Protected: never shown" in page
    assert "Best Paralegals" not in page
    address = f"/manage/{prize.call.slug}/finalists/{prize.best.id}"
    assert signed_in(prize.manager).get(address).status_code == 404


def test_what_was_agreed_to_before_a_protection_counts_no_more_when_it_is_lowered(app):
    prize = Prize()
    prize.agreed(prize.best)
    protect(actor=system_actor(), application=prize.applications[0], reason="They are threatened.", now=NOW)
    prize.applications[0].is_protected = False  # as two people did
    db.session.flush()
    assert prize.shown == []


def test_what_is_protected_is_not_shown_whatever_its_people_agreed_to_since(app):
    prize = Prize()
    prize.agreed(prize.best, prize.good)
    prize.applications[0].is_protected, prize.applications[0].pseudonym = True, "quiet river"
    db.session.flush()
    assert prize.shown == ["Good Paralegals (sample)"]


@pytest.mark.parametrize("status", [ApplicationStatus.WITHDRAWN, ApplicationStatus.INELIGIBLE])
def test_who_is_out_of_the_running_is_not_shown(app, status: ApplicationStatus):
    prize = Prize()
    prize.agreed(prize.best, prize.good)
    assert len(prize.shown) == 2
    application = prize.applications[0]
    application.status = status
    if status is ApplicationStatus.WITHDRAWN:
        application.withdrawn_at, application.eligibility_at, application.eligibility_by_id = NOW, None, None
    else:
        application.eligibility_reason = "It works in another field."
    db.session.flush()
    assert prize.shown == ["Good Paralegals (sample)"]


def test_a_text_that_is_changed_after_the_yes_is_asked_for_again(app):
    prize = Prize()
    prize.agreed(prize.best)
    assert prize.shown
    profile = prize.write(prize.best, text="Another text.", asks=False)
    assert profile.status is ProfileStatus.ASKED
    assert prize.shown == []


def test_nobody_agrees_to_a_text_that_they_have_not_read(app):
    prize = Prize()
    prize.name(prize.best)
    profile = prize.write(prize.best)
    read = profile.said_version
    prize.write(prize.best, text="Something else.")
    holder = actor_of(profile.application.person)
    with pytest.raises(Conflict):
        answer_profile(actor=holder, profile=profile, said=profile.said, version=read, agrees=True, now=NOW)
    assert prize.shown == []


def test_a_no_stands_until_its_people_change_it(app):
    prize = Prize()
    prize.name(prize.best)
    profile = prize.write(prize.best)
    prize.answer(profile, agrees=False)
    with pytest.raises(Conflict):
        prize.write(prize.best, text="Please?")
    prize.answer(profile)
    assert prize.shown == ["Best Paralegals (sample)"]


def test_its_people_read_change_and_agree_on_their_page_and_who_only_helps_to_write_does_not(app, signed_in: SignedIn):
    prize = Prize()
    prize.name(prize.best)
    prize.write(prize.best)
    application = prize.applications[0]
    friend = make_person("Friend Sample")
    make_member(friend, application.organisation, MembershipRole.COLLABORATOR)
    assert db.session.scalars(select(MailMessage.template)).all() == ["news"]
    address = f"/applications/{application.id}/public-profile"
    client, helper = signed_in(application.person), signed_in(friend)
    page = client.get(address).text
    assert "They hold open days." in page
    assert "May we show you as a finalist?" in client.get("/home").text
    said = {"name": "BP", "title": "", "text_en": "Our own words.", "text_fr": "", "version": "1"}
    assert "Somebody who holds the organisation decides this." in helper.get(address).text
    refused = helper.post(address, data={**said, "action": "agree"})
    assert refused.status_code == 403
    too_long = client.post(address, data={**said, "text_en": "x" * 801, "action": "agree"})
    assert too_long.status_code == 422
    assert prize.shown == []
    assert client.post(address, data={**said, "action": "agree"}).status_code == 302
    assert prize.shown == ["BP"]
    stranger = signed_in(make_person("Stranger Sample"))
    assert stranger.get(address).status_code == 404


def test_a_profile_that_is_only_a_draft_is_not_there_for_its_people(app, signed_in: SignedIn):
    prize = Prize()
    prize.name(prize.best)
    prize.write(prize.best, asks=False)
    client = signed_in(prize.applications[0].person)
    assert client.get(f"/applications/{prize.applications[0].id}/public-profile").status_code == 404


def test_winners_are_marked_after_the_release_and_not_before(app, signed_in: SignedIn):
    prize = Prize()
    prize.agreed(prize.best, prize.good)
    prize.announce()
    slate = make_slate(prize.call, SlateStatus.RATIFIED)
    make_decision(slate, prize.good)
    visitor, address = signed_in(None), f"/calls/{prize.call.slug}/finalists"
    assert "Winner" not in visitor.get(address).text
    slate.status, slate.released_at, slate.released_by_id = SlateStatus.RELEASED, NOW, prize.manager.id
    db.session.commit()
    page = visitor.get(address).text
    assert page.count("Winner") == 1
    assert page.index("Good Paralegals") < page.index("Winner")


def test_an_announcement_is_made_once_by_somebody_who_sees_all_and_ends_the_naming(app):
    prize = Prize()
    with pytest.raises(RuleViolations):
        prize.announce()
    prize.name(prize.best)
    other = make_staff(Role.MANAGER, prize.call)
    _conflict(other, prize.applications[2])
    with pytest.raises(NotAllowed):
        announce_finalists(actor=actor_of(other), call=prize.call, now=NOW)
    prize.announce()
    with pytest.raises(Conflict):
        prize.announce()
    with pytest.raises(Conflict):
        prize.name(prize.best, prize.good)


def test_somebody_in_conflict_neither_sees_nor_takes_back_a_finalist(app, signed_in: SignedIn):
    prize = Prize()
    prize.name(prize.best, prize.good)
    other = make_staff(Role.MANAGER, prize.call)
    _conflict(other, prize.applications[0])
    rows = finalist_rows(actor=actor_of(other), call=prize.call)
    assert [row.entry.id for row in rows] == [prize.good.id, prize.weak.id]
    name_finalists(actor=actor_of(other), call=prize.call, named={}, now=NOW)
    assert db.session.scalars(select(Finalist.entry_id)).all() == [prize.best.id]
    client = signed_in(other)
    assert str(prize.applications[0].reference) not in client.get(f"/manage/{prize.call.slug}/finalists").text
    assert client.get(f"/manage/{prize.call.slug}/finalists/{prize.best.id}").status_code == 404


def test_what_the_public_reads_of_an_erased_application_is_gone(app):
    prize = Prize()
    prize.name(prize.best, prize.weak, reason="Because of their courage.")
    prize.answer(prize.write(prize.best))
    db.session.commit()
    erase_application(actor=system_actor(), application=prize.applications[0], cause=ErasureCause.REQUEST, now=NOW)
    db.session.commit()
    assert db.session.scalar(select(func.count(FinalistProfile.id))) == 0
    reasons = dict(db.session.execute(select(Finalist.entry_id, Finalist.reason)).all())
    assert reasons == {prize.best.id: "", prize.weak.id: "Because of their courage."}


def test_the_minutes_name_finalists_with_reasons_and_the_moment(app):
    prize = Prize()
    prize.name(prize.best, prize.weak, reason="Because of their courage.")
    prize.announce()
    actor, slate = actor_of(prize.manager), make_slate(prize.call, SlateStatus.PROPOSED)
    with app.test_request_context():
        section = minutes_prize.finalists(Minuted(actor, selection(actor=actor, call=prize.call), slate))
    assert section is not None
    (table,) = section.tables
    told = [(row.cells[0].partition(" ")[2], row.cells[1][-1], row.note) for row in table.rows]
    assert told == [
        ("Best Paralegals (sample)", "1", "Because of their courage."),
        ("Weak Paralegals (sample)", "3", "Because of their courage."),
    ]
    assert [fact.label for fact in section.facts] == ["Announced"]


def test_managers_name_and_announce_on_the_page_and_nothing_typed_is_lost(app, signed_in: SignedIn):
    prize = Prize()
    client, address = signed_in(prize.manager), f"/manage/{prize.call.slug}/finalists"
    wrong = {"entries": [str(prize.weak.id)], f"reason_{prize.best.id}": "kept while it is wrong"}
    answer = client.post(address, data=wrong)
    assert answer.status_code == 422
    assert "kept while it is wrong" in answer.text
    assert "Give a reason." in answer.text
    data = {"entries": [str(prize.best.id)]}
    assert client.post(address, data=data).status_code == 302
    assert client.post(f"{address}/announce").status_code == 302
    assert "Announced:" in client.get(address).text
    assert client.post(address, data=data).status_code == 409


def _conflict(person: Person, application: Application) -> None:
    make_member(person, application.organisation)
