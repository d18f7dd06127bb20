"""Conflicts of interest: what is computed from facts, what people state, and what managers pin."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp.accounts.mail_domains import domain_key
from fundapp.accounts.models import MembershipRole, Person, Tie, TieKind
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.rules import fold_person_name, mail_domain
from fundapp.accounts.services.ties import declare_tie, end_tie
from fundapp.applications.conflicts import pin_conflict, record_conflict, unpin_conflict
from fundapp.applications.form_engine.definition import Group, Kind, Party, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.links import Way
from fundapp.applications.models import Application, ApplicationStatus, Call, CallInvitation, ConflictSource, PartyFact
from fundapp.applications.queries.conflicts import Cause, causes, pairs_in_conflict, pinned_for
from fundapp.applications.scope import in_conflict
from fundapp.applications.sealed_answers import keep_answers, note_parties_again
from fundapp.applications.services.erasing import blank_application
from fundapp.applications.services.forgetting import forget_nominations
from fundapp.applications.services.inviting import use_invitation
from fundapp.applications.services.nominating import gather, nominate
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.rekeying import index_again

from ..conftest import actor_of
from ..factories import (
    ANSWERS,
    FORM,
    NOW,
    make_application,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_protected,
    make_reviewer,
    make_staff,
)


def asked(name: str, **values: Any) -> Question:
    return Question(name=name, kind=Kind.TEXT, label={"en": name.title()}, **values)


FORM_OF_PARTIES = replace(
    FORM,
    groups=(*FORM.groups, Group(path=("partners",), label={"en": "Partners"}, is_repeat=True)),
    questions=(
        *FORM.questions,
        asked("contact", role=FormRole.CONTACT_NAME),
        asked("mail", role=FormRole.EMAIL),
        asked("host", party=Party.FISCAL_HOST),
        asked("allies", party=Party.PARTNER, multiline=True),
        asked("partner", party=Party.PARTNER, group=("partners",)),
        asked("referee", party=Party.REFEREE),
        asked("neighbour"),
    ),
)


pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def call(app) -> Call:
    return make_call(form=FORM_OF_PARTIES)


def sent(call: Call, **answers: str) -> Application:
    """Make an application whose answers were kept as those of a sent one are."""
    application = make_application(call, answers=answers)
    note_parties_again(application)
    db.session.flush()
    return application


def conflicting(person: Person) -> set[UUID]:
    """Return the applications that somebody has a conflict of interest with, as both queries see it."""
    found = set(db.session.scalars(select(Application.id).where(in_conflict(person.id))))
    people = select(Person.id).where(Person.id == person.id)
    calls = db.session.scalars(select(Call)).all()
    assert {pair[0] for call in calls for pair in pairs_in_conflict(call=call, people=people)} == found
    return found


def why(person: Person, application: Application) -> list[Cause]:
    people = select(Person.id).where(Person.id == person.id)
    found = causes(applications=Application.id == application.id, people=people)
    return found.get((application.id, person.id), [])


def tie(person: Person, organisation: str, **values: Any) -> Tie:
    return declare_tie(
        actor=actor_of(person), person=person, kind=TieKind.WORK, organisation=organisation, now=NOW, **values
    )


@pytest.mark.parametrize(
    ("answers", "party"),
    [
        ({"host": "  HILL   trust "}, Party.FISCAL_HOST),
        ({"allies": "Valley Women\nHill Trust"}, Party.PARTNER),
        ({"allies": "Valley Women, Hill Trust; River Youth"}, Party.PARTNER),
        ({"partners~2~partner": "Hill Trust"}, Party.PARTNER),
        ({"referee": "Hill Trust"}, Party.REFEREE),
    ],
)
def test_whoever_belongs_to_an_organisation_behind_an_application_is_in_conflict(call, answers, party):
    application, other = sent(call, **answers), sent(call, host="Another trust", neighbour="Hill Trust")
    member, tied = make_person(), make_person()
    make_member(member, make_organisation("Hill Trust"))
    tie(tied, "hill trust")
    assert conflicting(member) == conflicting(tied) == {application.id}
    assert why(member, application)[0].way is Way.ORGANISATION
    assert why(tied, application)[0].party is party
    assert why(member, other) == []


def test_a_tie_to_the_applicant_counts_until_its_last_day_and_until_it_is_taken_back(call, clock):
    clock.move_to(NOW)
    application, person = sent(call), make_person()
    mine = tie(person, application.organisation_name.upper(), until_on=NOW.date())
    assert conflicting(person) == {application.id}
    clock.move_to(NOW + timedelta(days=1))
    assert conflicting(person) == set()
    clock.move_to(NOW)
    end_tie(actor=actor_of(person), tie=mine, now=NOW)
    assert conflicting(person) == set()


@pytest.mark.parametrize(
    ("answers", "name", "email"),
    [
        ({"contact": "Wanjirú, Amina"}, "Amina Wanjiru", "amina@gmail.com"),
        ({"referee": "Amina WANJIRU"}, "Amina Wanjiru", "amina@gmail.com"),
        ({"referee": "Amina <amina@gmail.com>, +254 700 000 000"}, "", "Amina@gmail.com"),
        ({"mail": "office@hill-trust.org"}, "", "amina@hill-trust.org"),
        ({"host": "Hill Trust\nmail@hill-trust.org"}, "", "amina@hill-trust.org"),
    ],
)
def test_whoever_is_named_on_the_form_is_in_conflict(call, answers, name, email):
    application = sent(call, **answers)
    sent(call, contact="Amina Otieno", mail="other@gmail.com", neighbour="Amina Wanjiru amina@hill-trust.org")
    person = make_person(name, email=email)
    assert conflicting(person) == {application.id}
    assert {cause.way for cause in why(person, application)} == {Way.PERSON}


def test_addresses_of_public_providers_and_of_the_fund_tie_nobody(call, app):
    fund = mail_domain(app.extensions["settings"].mail_from) or "localhost"
    assert fund == "localhost" or "." in fund
    application = sent(call, mail="someone@gmail.com", referee="someone@yahoo.fr, someone@example.org")
    for domain in ("gmail.com", "yahoo.fr", "example.org"):
        person = make_person("", email=f"other@{domain}")
        assert person.domain_key is None
        assert why(person, application) == []


def test_names_of_one_word_name_nobody_and_order_and_accents_do_not_matter():
    assert fold_person_name("María  José LÓPEZ") == fold_person_name("Lopez, Maria-José") != ""
    assert fold_person_name("Amina") == fold_person_name(" - ") == ""
    assert fold_person_name("أَمِينَة حسن") == fold_person_name("حسن أمينة") != ""


def test_colleagues_of_whoever_holds_an_application_are_in_conflict(call):
    holder = make_person("", email="first@hill-trust.org")
    application = make_application(call, person=holder)
    colleague, stranger = make_person("", email="second@hill-trust.org"), make_person("", email="x@valley.org")
    assert conflicting(colleague) == {application.id}
    assert why(colleague, application) == [Cause(Way.COLLEAGUE)]
    assert conflicting(stranger) == set()


def test_the_facts_of_an_application_follow_what_is_sent_and_go_with_it(call):
    application, person = sent(call, host="Hill Trust"), make_person()
    tie(person, "Hill Trust")
    assert conflicting(person) == {application.id}
    form = FORM_OF_PARTIES
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    keep_answers(application=draft, form=form, values={"host": "Hill Trust"}, by_id=None, now=NOW)
    db.session.flush()
    assert conflicting(person) == {application.id, draft.id}
    keep_answers(application=draft, form=form, values={"host": "Valley Trust"}, by_id=None, now=NOW)
    db.session.flush()
    assert conflicting(person) == {application.id}
    blank_application(actor=system_actor(), application=application, now=NOW)
    db.session.flush()
    assert conflicting(person) == set()
    left = db.session.scalars(select(PartyFact.application_id).order_by(PartyFact.application_id)).all()
    assert application.id not in left
    assert draft.id in left


def test_nothing_of_a_protected_application_is_stored_in_clear_and_its_conflicts_stay(call):
    application, person = sent(call, host="Kanarie Trust", contact="Kanarie Person"), make_person("Person Kanarie")
    make_protected(application)
    assert conflicting(person) == {application.id}
    facts = db.session.scalars(select(PartyFact).where(PartyFact.application_id == application.id)).all()
    assert len(facts) >= 3
    assert not any("kanarie" in fact.key.casefold() for fact in facts)


def nominated(call: Call, application: Application, **by: str) -> CallInvitation:
    nomination = nominate(
        call=call, name="Hill", contact="hill@example.org", why="Good.", may_be_named=False, now=NOW,
        **{"nominator_name": "", "nominator_contact": "", **by},
    )  # fmt: skip
    invitation = CallInvitation(
        call_id=call.id,
        email="hill@example.org",
        organisation_name="",
        created_at=NOW,
        nominee_id=nomination.nominee_id,
    )
    db.session.add(invitation)
    db.session.flush()
    use_invitation(actor=system_actor(), invitation=invitation, application=application, now=NOW)
    return invitation


def test_nominators_are_in_conflict_as_nominations_come_and_go(clock):
    clock.move_to(NOW)
    call = make_call(
        form=FORM_OF_PARTIES,
        nominations_open_at=NOW - timedelta(days=1),
        nominations_close_at=NOW + timedelta(days=1),
    )
    application = sent(call)
    first, second = make_person("Amina Wanjiru"), make_person("", email="second@gmail.com")
    invitation = nominated(call, application, nominator_name="Amina Wanjiru")
    assert conflicting(first) == {application.id}
    assert conflicting(second) == set()
    later = nominate(
        call=call, name="The Hill", contact="other@example.org", why="Yes.", nominator_name="",
        nominator_contact="second@gmail.com", may_be_named=False, now=NOW,
    )  # fmt: skip
    assert conflicting(second) == set()
    manager = make_staff(Role.MANAGER)
    nominees = [invitation.nominee_id or later.id, later.nominee_id]
    gather(actor=actor_of(manager), call=call, nominee_ids=nominees, now=NOW)
    assert conflicting(second) == {application.id}
    forget_nominations([later.id], NOW)
    assert conflicting(second) == set()
    assert conflicting(first) == {application.id}


def test_managers_pin_either_way_and_pins_survive_new_facts(call):
    manager = actor_of(make_staff(Role.MANAGER))
    application, person = sent(call, host="Hill Trust"), make_reviewer(call).person

    def pin(is_conflict: bool) -> None:
        pin_conflict(
            actor=manager,
            application=application,
            person_id=person.id,
            is_conflict=is_conflict,
            reason="Known.",
            now=NOW,
        )

    pin(True)
    assert conflicting(person) == {application.id}
    pin(False)
    assert conflicting(person) == set()
    tie(person, "Hill Trust")
    assert why(person, application) != []
    assert conflicting(person) == set()
    pinned = pinned_for(application=application, person_id=person.id)
    unpin_conflict(actor=manager, pinned=pinned, reason="It was somebody else.", now=NOW)
    assert conflicting(person) == {application.id}
    assert (pinned.is_conflict, pinned.end_reason) == (False, "It was somebody else.")


def test_what_somebody_declares_themselves_ends_a_none_and_a_pin_stands_against_it(call):
    manager = actor_of(make_staff(Role.MANAGER))
    application, person = sent(call), make_reviewer(call).person

    def none() -> None:
        pin_conflict(
            actor=manager, application=application, person_id=person.id, is_conflict=False, reason="Known.", now=NOW
        )

    none()
    for _ in range(2):  # saying it twice is saying it once
        record_conflict(
            actor=actor_of(person),
            application=application,
            person_id=person.id,
            source=ConflictSource.DECLARED,
            reason="A cousin.",
            now=NOW,
        )
    assert conflicting(person) == {application.id}
    none()
    assert conflicting(person) == set()


@pytest.mark.parametrize("role", [MembershipRole.APPLICANT, MembershipRole.READER])
def test_nobody_is_let_judge_their_own_application(call, role):
    manager = actor_of(make_staff(Role.MANAGER))
    application, person = make_application(call), make_person()
    make_member(person, application.organisation, role)
    with pytest.raises(Conflict):
        pin_conflict(
            actor=manager, application=application, person_id=person.id, is_conflict=False, reason="Fine.", now=NOW
        )
    assert conflicting(person) == conflicting(application.person) == {application.id}


def test_pins_need_a_reason_and_a_manager(call):
    application, person = sent(call), make_person()
    manager, auditor = make_staff(Role.MANAGER), make_staff(Role.AUDITOR)
    with pytest.raises(RuleViolations):
        pin_conflict(
            actor=actor_of(manager), application=application, person_id=person.id, is_conflict=True, reason=" ", now=NOW
        )
    with pytest.raises(NotAllowed):
        pin_conflict(
            actor=actor_of(auditor), application=application, person_id=person.id, is_conflict=True, reason="x", now=NOW
        )
    assert conflicting(person) == set()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"organisation": " "}, "organisation"),
        ({"organisation": "x" * 201}, "organisation"),
        ({"organisation": "Hill", "mail_domain": "hill"}, "mail_domain"),
        ({"organisation": "Hill", "mail_domain": "hill trust.org"}, "mail_domain"),
    ],
)
def test_a_tie_says_what_is_wrong_with_it(values, field):
    person = make_person()
    with pytest.raises(RuleViolations) as raised:
        tie(person, **values)
    assert [each.field for each in raised.value.problems] == [field]


def test_a_tie_by_mail_domain_finds_addresses_on_the_form(call):
    application, person = sent(call, mail="office@hill-trust.org"), make_person()
    tie(person, "Something else", mail_domain="office@Hill-Trust.org")
    assert conflicting(person) == {application.id}
    tie(person, "Something else", mail_domain="")
    assert conflicting(person) == set()


def test_the_answers_of_the_sample_form_name_nobody_else(call):
    application = sent(call)
    assert application.answers["title"] == ANSWERS["title"]
    assert application.party_facts == []


def test_what_was_stored_before_there_were_indexes_is_found_after_they_are_made(call):
    application, person = make_application(call, answers={"referee": "Amina Wanjiru"}), make_person("Amina Wanjiru")
    host = make_person("", email="amina@hill-trust.org")
    db.session.flush()
    for each in (person, host):
        each.name_index = each.domain_key = None
    db.session.flush()
    assert conflicting(person) == set()
    assert application.party_facts == []
    looked_at = sum(index_again(now=NOW, batch=2))
    assert looked_at == len(db.session.scalars(select(Person)).all()) + 1
    assert conflicting(person) == {application.id}
    assert (host.name_index, host.domain_key) == (None, domain_key("x@hill-trust.org"))
    entries = len(db.session.scalars(select(AuditEntry)).all())
    assert sum(index_again(now=NOW)) == looked_at
    assert len(db.session.scalars(select(AuditEntry)).all()) == entries
