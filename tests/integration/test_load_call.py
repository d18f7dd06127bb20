"""Calls from packages: made once, brought up to date, and never changed under people's feet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import CallPackage, ExtensionRead, read_package
from fundapp.applications.cli import calls
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.importing import load_call
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    CallInvitation,
    CallStatus,
    FormVersion,
)
from fundapp.applications.models.protection import ProtectionStep
from fundapp.applications.queries.protection import changes_of
from fundapp.applications.services.call_parts import WrittenCall
from fundapp.applications.services.protection import ask_to_lower, confirm_lowering
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import NotAllowed, RuleViolations
from fundapp.core.web import FundApp
from fundapp.samples import SAMPLES, folder
from tests.conftest import actor_of
from tests.factories import make_application, make_person, make_protected, make_staff

NOW = datetime(2019, 3, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("app")


def sample(name: str = "gjf-2020") -> CallPackage:
    return read_package(folder(name))


def load(package: CallPackage, now: datetime = NOW) -> WrittenCall:
    return load_call(package=package, actor=system_actor(), now=now)


def changed(package: CallPackage, **values: Any) -> CallPackage:
    return replace(package, sha256="f" * 64, **values)


def with_new_hint(form: FormDefinition) -> FormDefinition:
    first, *others = form.questions
    return replace(form, questions=(replace(first, hint={"en": "New"}), *others))


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_call_is_made_and_announced(name: str) -> None:
    package = sample(name)

    loaded = load(package)
    db.session.commit()

    call = db.session.scalars(select(Call)).one()
    assert loaded.created
    assert call.status is CallStatus.PUBLISHED
    assert call.is_sample
    assert call.titles["ar"]
    assert [category.code for category in call.categories] == [each.code for each in package.categories]
    assert [criterion.code for criterion in call.criteria] == [each.code for each in package.criteria]
    (version,) = call.form_versions
    assert FormDefinition.from_json(version.definition) == package.form
    assert count(CallInvitation) == len(package.invitations or ())


def test_extension_is_history_and_the_deadline_in_force() -> None:
    call = load(sample("gjp-2019")).call

    (extension,) = call.extensions
    assert extension.closed_at_before == datetime(2019, 3, 10, 23, 59, tzinfo=UTC)
    assert call.closes_at == extension.closes_at == datetime(2019, 3, 24, 23, 59, tzinfo=UTC)
    assert extension.reasons["es"]


def test_extension_is_written_down_once() -> None:
    call = load(sample("gjp-2019")).call

    again = load(changed(sample("gjp-2019"), titles={"en": "Better words"}))

    assert again.changes == ["call"]
    assert len(call.extensions) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_loading_twice_changes_nothing(name: str) -> None:
    load(sample(name))
    db.session.commit()
    audited = count(AuditEntry)

    again = load(sample(name), NOW + timedelta(days=1))

    assert not again.created
    assert again.changes == []
    assert not db.session.dirty
    assert count(AuditEntry) == audited


def test_texts_and_budget_are_brought_up_to_date() -> None:
    load(sample())

    again = load(changed(sample(), titles={"en": "Better words"}, budget_minor=200_000_000))

    assert again.changes == ["call"]
    assert again.call.titles == {"en": "Better words"}
    assert again.call.budget_minor == 200_000_000


def test_form_without_answers_is_replaced() -> None:
    call = load(sample()).call

    again = load(changed(sample(), form=with_new_hint(sample().form)))

    assert again.changes == ["form"]
    (version,) = call.form_versions
    assert version.number == 1
    assert version.definition["questions"][0]["hint"] == {"en": "New"}


def test_form_with_answers_gets_a_new_version_and_old_answers_keep_theirs() -> None:
    call = load(sample()).call
    first = call.form_versions[0]
    application = make_application(call, status=ApplicationStatus.DRAFT)

    load(changed(sample(), form=with_new_hint(sample().form)))

    assert [version.number for version in call.form_versions] == [1, 2]
    assert application.form_version is first
    assert FormDefinition.from_json(first.definition) == sample().form

    # Back to the first form: no third copy, and the newest number is the one that is asked.
    load(sample())
    assert count(FormVersion) == 2
    assert call.form_versions[-1] is first


def test_what_people_rely_on_cannot_change() -> None:
    call = load(sample()).call
    make_application(call, status=ApplicationStatus.SUBMITTED)
    call.last_reference = 1
    call.committed_minor = 50_000
    db.session.flush()
    before = (call.currency, call.reference_prefix, call.budget_minor, len(call.criteria))
    package = sample()

    with pytest.raises(RuleViolations) as caught:
        load(
            changed(
                package,
                currency="EUR",
                reference_prefix="OTHER",
                budget_minor=40_000,
                criteria=package.criteria[1:],
                categories=sample("gjp-2019").categories,
            )
        )

    messages = [str(problem) for problem in caught.value.problems]
    for words in ("currency", "prefix", "committed", "criteria", "categories"):
        assert any(words in message for message in messages), messages
    assert (call.currency, call.reference_prefix, call.budget_minor, len(call.criteria)) == before


def test_weights_of_a_call_without_applications_can_change() -> None:
    call = load(sample()).call
    package = sample()

    again = load(changed(package, criteria=package.criteria[1:]))

    assert again.changes == ["criteria"]
    assert [criterion.code for criterion in call.criteria] == [each.code for each in package.criteria[1:]]


def test_decided_call_is_left_alone() -> None:
    call = load(sample()).call
    call.status = CallStatus.DECIDED
    call.decided_at = NOW
    db.session.flush()

    with pytest.raises(RuleViolations, match="decided"):
        load(changed(sample(), titles={"en": "Too late"}))


def test_prefix_of_another_call_and_kind_of_the_programme_are_refused_by_key() -> None:
    load(sample("gjp-2019"))
    package = sample()

    with pytest.raises(RuleViolations) as caught:
        load(
            replace(
                package,
                reference_prefix="GJP-2019",
                programme=replace(package.programme, slug="grassroots-justice-prize"),
            )
        )

    assert [str(problem) for problem in caught.value.problems] == [
        "call.toml, key call.reference_prefix: The call gjp-2019 has this prefix already.",
        "call.toml, key programme.kind: The programme is there already, and it is of the other kind.",
    ]
    assert count(Call) == 1


def test_deadline_never_moves_earlier() -> None:
    call = load(sample()).call
    told = call.closes_at

    load(changed(sample(), closes_at=told - timedelta(days=7)))
    assert call.closes_at == told

    load(replace(sample(), sha256="e" * 64, closes_at=told + timedelta(days=7)))
    assert call.closes_at == told + timedelta(days=7)


def test_invitations_follow_the_list_but_who_has_begun_stays_invited() -> None:
    package = sample()
    call = load(package).call
    first, second, *others = package.invitations or ()
    make_application(call, person=make_person(email=first.email), status=ApplicationStatus.DRAFT)

    again = load(changed(package, invitations=tuple(others)))

    emails = {invitation.email for invitation in db.session.scalars(select(CallInvitation))}
    assert first.email in emails
    assert second.email not in emails
    assert again.changes == ["invitations"]


def test_package_without_a_list_leaves_the_list_and_makes_no_call_that_invites_nobody() -> None:
    with pytest.raises(RuleViolations, match=r"call\.invitations: A call by invitation needs a list"):
        load(changed(sample(), invitations=None))
    db.session.rollback()

    invited = len(sample().invitations or ())
    load(sample())
    again = load(changed(sample(), invitations=None, budget_minor=200_000_000))

    assert again.changes == ["call"]
    assert count(CallInvitation) == invited > 0


def test_call_is_made_by_somebody_who_manages_every_call_and_changed_by_its_own_manager() -> None:
    call = load(sample()).call
    manager = actor_of(make_staff(Role.MANAGER, call))

    with pytest.raises(NotAllowed):
        load_call(package=sample("gjp-2019"), actor=manager, now=NOW)

    assert count(Call) == 1
    renamed = changed(sample(), titles={"en": "Better words"})
    assert load_call(package=renamed, actor=manager, now=NOW).changes == ["call"]


def test_early_closing_comes_with_a_call_that_is_made_and_is_not_slipped_into_one_that_runs() -> None:
    package = sample()
    early = ExtensionRead(
        closes_at=package.closes_at - timedelta(days=3),
        extended_at=package.closes_at - timedelta(days=4),
        reasons={"en": "The money is promised."},
        is_early=True,
    )
    call = load(package).call
    with pytest.raises(RuleViolations, match="closed early on its page"):
        load(changed(package, extensions=(early,)))
    assert call.closes_at == package.closes_at
    db.session.rollback()

    closed = load(changed(package, extensions=(early,))).call
    assert closed.closes_at == early.closes_at
    again = load(replace(package, extensions=(early,), sha256="e" * 64))
    assert again.changes == [], "the first deadline does not open a call again that was closed early"


def test_only_those_who_may_load_do() -> None:
    with pytest.raises(NotAllowed):
        load_call(package=sample(), actor=actor_of(make_staff(Role.RATIFIER)), now=NOW)

    assert count(Call) == 0
    assert load_call(package=sample(), actor=actor_of(make_staff(Role.MANAGER)), now=NOW).created


def test_command_says_what_it_did(app: FundApp, tmp_path: Path) -> None:
    def run(directory: Path) -> Result:
        return CliRunner().invoke(calls, ["load", str(directory)], obj=lambda: app)

    made, again, missing = run(folder("gjp-2019")), run(folder("gjp-2019")), run(tmp_path)

    assert (made.exit_code, made.output) == (0, "call gjp-2019: made\n")
    assert (again.exit_code, again.output) == (0, "call gjp-2019: nothing changed\n")
    assert missing.exit_code == 1
    assert "call.toml: This file is missing." in missing.output
    assert count(Application) == 0


def test_command_lists_what_it_passes_over_of_the_form(app: FundApp, tmp_path: Path) -> None:
    copytree(folder("gjp-2019"), tmp_path / "call")
    form = tmp_path / "call" / "form.md"
    form.write_text(form.read_text(encoding="utf-8").replace("| choices |", "| | deviceid | device |\n| choices |", 1))

    done = CliRunner().invoke(calls, ["load", str(tmp_path / "call")], obj=lambda: app)

    assert done.exit_code == 0
    assert "column type: “deviceid” is noted by devices and left out; nobody types it.\n" in done.stderr
    assert done.stdout == "call gjp-2019: made\n"


def test_a_call_that_becomes_protected_protects_what_was_begun_before() -> None:
    call = load(sample()).call
    drafted, sent = make_application(call, status=ApplicationStatus.DRAFT), make_application(call)
    loaded = load(changed(sample(), is_protected=True))
    assert loaded.changes == ["call"]
    assert call.is_protected
    for application in (drafted, sent):
        assert application.is_protected
        assert [change.step for change in changes_of(application)] == [ProtectionStep.RAISED_WITH_CALL]


def test_a_call_stays_protected_until_two_people_have_lowered_each_application() -> None:
    call = load(changed(sample(), is_protected=True)).call
    application = make_protected(make_application(call))
    with pytest.raises(RuleViolations, match="two people"):
        load(sample())
    assert call.is_protected
    managers = [actor_of(make_staff(Role.MANAGER)) for _ in range(2)]
    ask_to_lower(actor=managers[0], application=application, reason="They asked for it.", now=NOW)
    confirm_lowering(actor=managers[1], application=application, reason="I called them.", now=NOW)
    load(replace(sample(), sha256="e" * 64, is_protected=True).with_reviews(3))
    assert not application.is_protected, "another package does not protect again what two people lowered"
    load(sample())
    assert not call.is_protected
