"""Reviewers are invited, answer, are reminded and taken off: services on a real database."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.models import Membership, OneTimeLink, Person, RoleChange, RoleGrant
from fundapp.accounts.permissions import Role
from fundapp.applications.models import ApplicationStatus, Call
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.review.invitations import Invitation
from fundapp.review.models import (
    Assignment,
    AssignmentStatus,
    DiscussionPost,
    Reviewer,
    ReviewerProfile,
    ReviewerStatus,
    Slate,
    SlateStatus,
)
from fundapp.review.news_rules import News
from fundapp.review.profile_rules import Profile
from fundapp.review.queries.planning import planning_facts
from fundapp.review.queries.profiles import limits_at_once
from fundapp.review.queries.reading import my_assignments
from fundapp.review.services import inviting
from fundapp.review.services.answering import accept_invitation, decline_invitation, take_off_panel
from fundapp.review.services.news import tell_of_the_day, tell_reviewer
from fundapp.review.services.profiles import forget_reviewer, save_profile
from tests.audit_log import cover_preparations
from tests.conftest import actor_of
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_protected,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

SECRET = "a secret for tests, long enough to be one"
DAY = timedelta(days=1)


def invitation(number: int = 1, **values: Any) -> Invitation:
    return Invitation(
        **{
            "email": f"peer{number}@example.org",
            "name": f"Peer {number} Sample",
            "organisation": "Peers of the Valley (sample)",
            "languages": ("fr", "en"),
            "max_entries": 7,
            "place": f"row {number + 1}",
            **values,
        }
    )


def invite(*calls: Call, manager: Person | None = None, **values: Any) -> list[Reviewer]:
    return inviting.invite_reviewers(
        actor=actor_of(manager or make_staff(Role.MANAGER)),
        calls=calls,
        invitations=[invitation(**values)],
        secret_key=SECRET,
        now=values.pop("now", NOW),
    )


def accept(reviewer: Reviewer) -> None:
    accept_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, now=NOW)


def mails() -> list[str]:
    return list(db.session.scalars(select(MailMessage.template).order_by(MailMessage.created_at, MailMessage.template)))


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def roles_of(person: Person) -> list[tuple[Role, Any]]:
    held = db.session.scalars(select(RoleGrant).filter_by(person_id=person.id).order_by(RoleGrant.id))
    return [(grant.role, grant.call_id) for grant in held]


# -- Inviting ---------------------------------------------------------------------------------------------------------


def test_an_invitation_gives_nothing_before_it_is_accepted(app: FundApp) -> None:
    call = make_call()
    make_application(call)
    manager = make_staff(Role.MANAGER)
    (reviewer,) = invite(call, manager=manager)
    assert (reviewer.max_entries, reviewer.languages) == (7, ["fr", "en"])
    assert (reviewer.person.name, reviewer.person.language) == ("Peer 1 Sample", "fr")
    assert roles_of(reviewer.person) == []
    assert count(Membership) == 1, "the applicant's; what the manager wrote of the reviewer ties nobody yet"
    assert planning_facts(actor=actor_of(manager), call=call).reviewers == []
    link = db.session.scalars(select(OneTimeLink).where(OneTimeLink.person_id == reviewer.person_id)).one()
    assert link.next_path == "/reviews/invitations"
    assert mails() == ["set_password"]


def test_who_accepts_has_the_role_the_tie_and_a_place_in_the_plan(app: FundApp) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    (reviewer,) = invite(call, manager=manager)
    accept(reviewer)
    assert (reviewer.status, reviewer.answered_at) == (ReviewerStatus.ACCEPTED, NOW)
    assert roles_of(reviewer.person) == [(Role.REVIEWER, call.id)]
    given_by = select(RoleChange.by_id).where(RoleChange.person_id == reviewer.person_id)
    assert db.session.scalars(given_by).all() == [manager.id]
    assert [each.id for each in planning_facts(actor=actor_of(manager), call=call).reviewers] == [str(reviewer.id)]
    assert reviewer.organisation == "", "it stands with the person now"
    db.session.commit()


def test_one_invitation_for_several_calls_is_one_mail_and_one_answer_each(app: FundApp) -> None:
    first, second = make_call(), make_call()
    one, other = invite(first, second)
    assert mails() == ["set_password"]
    assert {one.call_id, other.call_id} == {first.id, second.id}
    accept(one)
    decline_invitation(actor=actor_of(other.person), reviewer=other, reason="Too much at once.", now=NOW)
    assert (one.status, other.status) == (ReviewerStatus.ACCEPTED, ReviewerStatus.DECLINED)
    assert roles_of(one.person) == [(Role.REVIEWER, first.id)]


def test_an_invitation_to_a_call_of_others_invites_to_none(app: FundApp) -> None:
    own, others = make_call(), make_call()
    manager = make_staff(Role.MANAGER, own)
    with pytest.raises(NotAllowed):
        invite(own, others, manager=manager)
    assert count(Reviewer) == 0


def test_second_invitation_changes_limit_and_languages_and_sends_nothing(app: FundApp) -> None:
    call = make_call()
    for limit in (7, 3):
        invite(call, max_entries=limit, languages=("ar",))
    reviewer = db.session.scalars(select(Reviewer)).one()
    assert (reviewer.max_entries, reviewer.languages) == (3, ["ar"])
    assert count(MailMessage) == 1


def test_whoever_declined_can_be_asked_again_on_another_day(app: FundApp) -> None:
    call = make_call()
    (reviewer,) = invite(call)
    decline_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, reason="Ill.", now=NOW)
    (again,) = inviting.invite_reviewers(
        actor=actor_of(make_staff(Role.MANAGER)),
        calls=[call],
        invitations=[invitation()],
        secret_key=SECRET,
        now=NOW + DAY,
    )
    assert again is reviewer
    assert (again.status, again.answer_reason, again.answered_at) == (ReviewerStatus.INVITED, "", None)
    assert mails() == ["set_password", "set_password"]


def test_invitation_of_somebody_with_a_password_says_only_that_there_is_news(app: FundApp) -> None:
    make_person(email="peer1@example.org", password=True)
    invite(make_call())
    message = db.session.scalars(select(MailMessage)).one()
    assert (message.template, message.data) == ("review_invitation", {"path": "/reviews/invitations"})


@pytest.mark.parametrize("role", [Role.MANAGER, Role.RATIFIER, Role.FINANCE, Role.AUDITOR, None])
def test_whoever_has_another_duty_in_the_call_is_not_asked_to_review(app: FundApp, role: Role | None) -> None:
    manager = make_staff(Role.MANAGER)
    colleague = make_staff(role) if role else manager
    with pytest.raises(RuleViolations) as caught:
        invite(make_call(), manager=manager, email=colleague.email)
    assert [problem.field for problem in caught.value.problems] == ["email"]
    assert (count(Reviewer), count(Membership)) == (0, 0)


def test_a_chair_may_review_too(app: FundApp) -> None:
    call = make_call()
    chair = make_staff(Role.CHAIR, call)
    assert [reviewer.person_id for reviewer in invite(call, email=chair.email)] == [chair.id]


def test_invitation_list_with_problems_names_them_all_and_invites_nobody(app: FundApp) -> None:
    call = make_call()
    bad = [
        invitation(1),
        invitation(2, email="nobody"),
        invitation(3, email="PEER1@example.org"),
        invitation(4, name=" ", languages=("xx",), max_entries=0),
    ]
    with pytest.raises(RuleViolations) as caught:
        inviting.invite_reviewers(
            actor=actor_of(make_staff(Role.MANAGER)), calls=[call], invitations=bad, secret_key=SECRET, now=NOW
        )
    assert [(problem.place, problem.field) for problem in caught.value.problems] == [
        ("row 3", "email"),
        ("row 4", "email"),
        ("row 5", "name"),
        ("row 5", "languages"),
        ("row 5", "max_entries"),
    ]
    assert count(Reviewer) == 0


def test_manager_of_another_call_can_do_nothing_with_a_panel(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    stranger = make_staff(Role.MANAGER, make_call())
    with pytest.raises(NotAllowed):
        invite(call, manager=stranger)
    with pytest.raises(NotAllowed):
        take_off_panel(actor=actor_of(stranger), reviewer=reviewer, with_begun=False, now=NOW)
    with pytest.raises(NotAllowed):
        inviting.remind(actor=actor_of(stranger), reviewer=reviewer, secret_key=SECRET, now=NOW)
    with pytest.raises(NotAllowed):
        inviting.agree(actor=actor_of(stranger), reviewer=reviewer, max_entries=3, languages=["en"], now=NOW)


# -- Whoever applies --------------------------------------------------------------------------------------------------


def test_an_applicant_of_the_call_is_not_asked_and_the_manager_reads_why(app: FundApp) -> None:
    call = make_call()
    applicant = make_application(call).person
    with pytest.raises(RuleViolations) as caught:
        invite(call, email=applicant.email)
    assert [str(problem.message) for problem in caught.value.problems] == [
        "This person applies in this call, and its applicants do not review. You can change that in the call."
    ]
    other = make_call()
    assert invite(other, email=applicant.email), "they review where they do not apply"
    call.applicants_review = True
    (reviewer,) = invite(call, email=applicant.email)
    accept(reviewer)
    assert my_assignments(actor=actor_of(applicant)) == []


@pytest.mark.parametrize("how", ["draft", "protected", "in conflict"])
def test_an_applicant_whom_the_manager_may_not_know_is_asked_like_anybody_and_told_alone(
    app: FundApp, how: str
) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    hidden = make_application(call, status=ApplicationStatus.DRAFT if how == "draft" else ApplicationStatus.ELIGIBLE)
    if how == "protected":
        make_protected(hidden)
    if how == "in conflict":
        make_member(manager, hidden.organisation)
    (reviewer,) = invite(call, manager=manager, email=hidden.person.email)
    (stranger,) = invite(call, manager=manager, number=2)
    assert (reviewer.status, reviewer.max_entries) == (stranger.status, stranger.max_entries)
    with pytest.raises(Conflict, match="You have an application in this call"):
        accept(reviewer)
    assert reviewer.status is ReviewerStatus.INVITED
    assert roles_of(hidden.person) == []


def test_a_guessed_organisation_says_nothing_of_who_applies_unseen(app: FundApp) -> None:
    """A manager writes the name of an organisation beside an invitation, to see whether the plan avoids it."""
    call = make_call()
    organisation = make_organisation("Hidden Hill (sample)")
    hidden = make_protected(make_application(call, organisation=organisation))
    manager = make_staff(Role.MANAGER)
    before = planning_facts(actor=actor_of(manager), call=call)
    for number, guess in enumerate((organisation.name, "Nobody of that name (sample)")):
        invite(call, manager=manager, number=number, organisation=guess)
    after = planning_facts(actor=actor_of(manager), call=call)
    assert (after.barred, after.reviewers) == (before.barred, before.reviewers)
    one, other = db.session.scalars(select(Reviewer).order_by(Reviewer.max_entries, Reviewer.id)).all()
    for reviewer in (one, other):
        said = reviewer.organisation
        accept(reviewer)
        tied = {pair.reviewer_id for pair in planning_facts(actor=actor_of(manager), call=call).barred}
        assert (str(reviewer.id) in tied) == (said == organisation.name), "once they accept, it keeps them away"
    assert hidden.is_protected


# -- Answering --------------------------------------------------------------------------------------------------------


def test_an_answer_is_only_the_persons_own_and_given_once(app: FundApp) -> None:
    (reviewer,) = invite(make_call())
    stranger = actor_of(make_person())
    with pytest.raises(NotFound):
        accept_invitation(actor=stranger, reviewer=reviewer, now=NOW)
    with pytest.raises(NotFound):
        decline_invitation(actor=stranger, reviewer=reviewer, reason="", now=NOW)
    accept(reviewer)
    with pytest.raises(InvalidTransition):
        accept(reviewer)


def test_whoever_declined_gets_nothing_and_may_think_again(app: FundApp) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER)
    (reviewer,) = invite(call, manager=manager)
    decline_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, reason="  No time. ", now=NOW)
    assert (reviewer.answer_reason, reviewer.organisation) == ("No time.", "")
    assert planning_facts(actor=actor_of(manager), call=call).reviewers == []
    accept(reviewer)
    assert reviewer.answer_reason == ""
    assert len(planning_facts(actor=actor_of(manager), call=call).reviewers) == 1


def test_whoever_leaves_before_beginning_gives_everything_back(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    decline_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, reason="", now=NOW)
    assert (count(Assignment), roles_of(reviewer.person)) == (0, [])
    db.session.commit()
    taken = select(AuditEntry.action).where(AuditEntry.object_type == "assignment")
    assert db.session.scalars(taken).all() == ["assignment:take"]


def test_whoever_has_begun_does_not_leave_by_a_click(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.READING)
    with pytest.raises(Conflict):
        decline_invitation(actor=actor_of(reviewer.person), reviewer=reviewer, reason="", now=NOW)
    assert reviewer.status is ReviewerStatus.ACCEPTED


def test_nobody_joins_a_panel_whose_decisions_are_being_confirmed(app: FundApp) -> None:
    call = make_call()
    (reviewer,) = invite(call)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        accept(reviewer)


# -- Taking off -------------------------------------------------------------------------------------------------------


def test_taking_off_gives_back_what_is_unread_and_leaves_what_was_begun(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    unread, reading = (make_application(call).entries[0] for _ in range(2))
    make_assignment(unread, reviewer, AssignmentStatus.ASSIGNED)
    kept = make_assignment(reading, reviewer, AssignmentStatus.READING)
    given = make_review(make_application(call).entries[0], reviewer, [4, 4])
    take_off_panel(actor=manager, reviewer=reviewer, with_begun=False, now=NOW)
    assert (reviewer.status, reviewer.removed_at) == (ReviewerStatus.REMOVED, NOW)
    mine = my_assignments(actor=actor_of(reviewer.person))
    assert {each.id for each in mine} == {kept.id, given.assignment_id}
    facts = planning_facts(actor=manager, call=call)
    assert [(offer.id, offer.max_load) for offer in facts.reviewers] == [(str(reviewer.id), 0)]
    with pytest.raises(Conflict):
        take_off_panel(actor=manager, reviewer=reviewer, with_begun=False, now=NOW)
    take_off_panel(actor=manager, reviewer=reviewer, with_begun=True, now=NOW)
    assert my_assignments(actor=actor_of(reviewer.person)) == []
    assert (kept.status, given.assignment.status) == (AssignmentStatus.TAKEN_BACK,) * 2
    assert roles_of(reviewer.person) == []
    db.session.commit()
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("assignment:take%"))).all()
    assert sorted(actions) == ["assignment:take", "assignment:take_back", "assignment:take_back"]


def test_what_was_taken_back_is_never_given_to_that_reviewer_again(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    entry = make_application(call).entries[0]
    make_assignment(entry, reviewer, AssignmentStatus.READING)
    take_off_panel(actor=manager, reviewer=reviewer, with_begun=True, now=NOW)
    invite(call, email=reviewer.person.email)
    accept(reviewer)
    facts = planning_facts(actor=manager, call=call)
    assert {(pair.entry_id, pair.reviewer_id) for pair in facts.barred} == {(str(entry.id), str(reviewer.id))}


def test_nobody_is_taken_off_while_decisions_are_being_confirmed(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        take_off_panel(actor=actor_of(make_staff(Role.MANAGER)), reviewer=reviewer, with_begun=True, now=NOW)
    assert reviewer.status is ReviewerStatus.ACCEPTED


# -- Profile ----------------------------------------------------------------------------------------------------------


def profile(**values: Any) -> Profile:
    return Profile(**{"languages": ("ar", "en"), "regions": ("coast",), "themes": ("land",), **values})


def test_what_a_reviewer_says_of_themselves_goes_into_the_calls_that_run(app: FundApp) -> None:
    running, other = make_call(), make_call()
    person = make_person()
    here, there = make_reviewer(running, person=person), make_reviewer(other, person=person, languages=["fr"])
    there.status = ReviewerStatus.DECLINED
    save_profile(
        actor=actor_of(person), profile=profile(has_reviewed_before=True), languages=["ar", "en", "fr"], now=NOW
    )
    assert (here.languages, here.regions, here.themes) == (["ar", "en"], ["coast"], ["land"])
    assert (here.is_experienced, there.is_experienced, there.languages) == (True, False, ["fr"])
    db.session.commit()


def test_whoever_gave_a_review_here_is_experienced_in_the_next_call(app: FundApp) -> None:
    earlier, call = make_call(), make_call()
    person = make_person(email="peer1@example.org")
    make_review(make_application(earlier).entries[0], make_reviewer(earlier, person=person), [3, 3])
    (reviewer,) = invite(call)
    (beginner,) = invite(call, number=2)
    for each in (reviewer, beginner):
        accept(each)
    assert (reviewer.is_experienced, beginner.is_experienced) == (True, False)


def test_a_profile_that_cannot_be_names_everything_and_changes_nothing(app: FundApp) -> None:
    person = make_person()
    make_reviewer(make_call(), person=person)
    bad = profile(languages=("xx",), regions=("a" * 61,), themes=tuple(map(str, range(21))), max_at_once=0)
    with pytest.raises(RuleViolations) as caught:
        save_profile(actor=actor_of(person), profile=bad, languages=["en"], now=NOW)
    assert [problem.field for problem in caught.value.problems] == ["languages", "regions", "themes", "max_at_once"]
    assert count(ReviewerProfile) == 0
    with pytest.raises(NotFound):
        save_profile(actor=actor_of(make_person()), profile=profile(), languages=["ar", "en"], now=NOW)


def test_how_many_at_a_time_counts_over_all_calls_and_what_is_done_takes_no_room(app: FundApp) -> None:
    call, elsewhere = make_call(), make_call()
    person = make_person()
    here, there = make_reviewer(call, person=person, max_entries=9), make_reviewer(elsewhere, person=person)
    assert limits_at_once(call) == {here.id: 9}
    save_profile(actor=actor_of(person), profile=profile(max_at_once=5), languages=["ar", "en"], now=NOW)
    assert limits_at_once(call) == {here.id: 5}
    for _ in range(2):
        make_assignment(make_application(elsewhere).entries[0], there, AssignmentStatus.READING)
    assert limits_at_once(call) == {here.id: 3}
    make_review(make_application(call).entries[0], here, [3, 3])
    assert limits_at_once(call) == {here.id: 4}, "one is done: three more, and that one"
    make_slate(elsewhere, SlateStatus.PROPOSED)
    assert limits_at_once(call) == {here.id: 6}, "nothing is to come there any more"


def test_erasing_a_person_erases_what_they_said_as_a_reviewer(app: FundApp) -> None:
    call = make_call()
    (reviewer,) = invite(call)
    accept(reviewer)
    save_profile(actor=actor_of(reviewer.person), profile=profile(), languages=["ar", "en"], now=NOW)
    reviewer.answer_reason = "My name is Amina."
    forget_reviewer(actor=actor_of(make_staff(Role.ADMINISTRATOR)), person_id=reviewer.person_id, now=NOW)
    db.session.commit()
    assert count(ReviewerProfile) == 0
    assert (reviewer.answer_reason, reviewer.regions, reviewer.themes) == ("", [], [])


# -- Mails ------------------------------------------------------------------------------------------------------------


def tell_all(days: float) -> list[str]:
    """Write the mails of a later day, and return which."""
    cover_preparations()
    known = len(mails())
    tell_of_the_day(secret_key=SECRET, now=NOW + days * DAY, commit=db.session.commit)
    return mails()[known:]


def contributed_beside(assignment: Assignment) -> None:
    """Let somebody else contribute to the discussion of what a reviewer was given."""
    db.session.add(
        DiscussionPost(
            entry_id=assignment.entry_id, stage_id=assignment.stage_id, author_id=make_person().id, text="I disagree.",
            posted_at=NOW,
        )
    )  # fmt: skip
    db.session.flush()


def test_nobody_gets_two_mails_on_one_day_over_all_calls_and_kinds(app: FundApp) -> None:
    person = make_person(email="peer1@example.org", password=True, language="fr")
    invite(make_call())
    call = make_call()
    reviewer = make_reviewer(call, person=person)
    contributed_beside(make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED))
    assert tell_reviewer(person, News.WORK, now=NOW) is False
    assert tell_reviewer(person, News.DISCUSSION, now=NOW) is False
    assert mails() == ["review_invitation"]
    assert tell_all(0.4) == [], "it is still the same day"
    assert tell_all(1) == ["reviews_news"]
    assert tell_all(1.1) == []
    message = db.session.scalars(select(MailMessage).where(MailMessage.template == "reviews_news")).one()
    assert (message.language, message.data) == ("fr", {"path": "/reviews", "kinds": ["discussion", "work"]})


def test_news_of_what_is_done_or_answered_are_not_told(app: FundApp) -> None:
    call = make_call()
    (reviewer,) = invite(call)
    invite(make_call())
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.REVIEWED)
    tell_reviewer(reviewer.person, News.WORK, now=NOW)
    for each in db.session.scalars(select(Reviewer).order_by(Reviewer.id)).all():
        accept(each)
    assert tell_all(1) == []


def test_a_discussion_never_writes_at_once(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    contributed_beside(make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.REVIEWED))
    assert tell_reviewer(reviewer.person, News.DISCUSSION, now=NOW) is False
    assert mails() == []
    assert tell_all(0) == ["reviews_discussion"]


def test_a_reviewer_with_reviews_to_come_is_reminded_until_they_are_done(app: FundApp) -> None:
    call = make_call()
    late, done = make_reviewer(call), make_reviewer(call)
    entry = make_application(call).entries[0]
    assignment = make_assignment(entry, late, AssignmentStatus.READING)
    make_review(entry, done, [3, 3])
    for person in (late.person, done.person):
        tell_reviewer(person, News.WORK, now=NOW)
    assert tell_all(1) == [], "they were told yesterday"
    assert tell_all(14) == ["reviews_reminder"]
    message = db.session.scalars(select(MailMessage).where(MailMessage.template == "reviews_reminder")).one()
    assert message.recipient_id == late.person_id
    assignment.status = AssignmentStatus.RECUSED
    db.session.commit()
    assert tell_all(28) == []


def test_nobody_is_reminded_of_what_they_cannot_do_any_more(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.READING)
    slate = make_slate(call, SlateStatus.PROPOSED)
    assert tell_all(14) == []
    db.session.delete(db.session.get_one(Slate, slate.id))
    db.session.commit()
    assert tell_all(14) == ["reviews_reminder"], "while the list is open, they can"


def test_the_manager_reminds_once_a_day_and_not_whoever_has_nothing_to_do(app: FundApp) -> None:
    call = make_call()
    manager = actor_of(make_staff(Role.MANAGER))
    reviewer = make_reviewer(call)
    with pytest.raises(Conflict):
        inviting.remind(actor=manager, reviewer=reviewer, secret_key=SECRET, now=NOW)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    assert inviting.remind(actor=manager, reviewer=reviewer, secret_key=SECRET, now=NOW) is True
    assert inviting.remind(actor=manager, reviewer=reviewer, secret_key=SECRET, now=NOW) is False
    assert mails() == ["reviews_reminder"]
    (invited,) = invite(call)
    assert inviting.remind(actor=manager, reviewer=invited, secret_key=SECRET, now=NOW + DAY) is True
    assert mails()[-2:] == ["set_password", "set_password"]
