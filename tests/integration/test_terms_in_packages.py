"""Terms of a selection in call packages: loaded, taken out, loaded again, and never over what came later."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.call_package import CallPackage, FurtherTable, package_files, read_package
from fundapp.applications.cli import calls
from fundapp.applications.importing import load_call
from fundapp.applications.models import Call
from fundapp.applications.services.writing_calls import clone_call, take_out
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import SelectionTerms, SlateStatus, TermsChange
from fundapp.review.presentation.terms import terms_shown
from fundapp.review.queries.selection import set_terms, terms_set
from fundapp.review.services.terms import set_selection_terms
from fundapp.review.services.terms_of_packages import TERMS
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms, with_codes
from fundapp.samples import folder
from tests.conftest import actor_of
from tests.factories import NOW, make_application, make_decision, make_review, make_reviewer, make_slate, make_staff

WANTED = with_codes(
    WantedTerms(
        Ranking.ADJUSTED,
        places=12,
        two_ratifiers_from_minor=1_000_000,
        draw_band=0,
        rules=(Rule("", "language:fr", Measure.MONEY, 0, 5_000_000),),
        pots=(PotTerms("", (("en", "Rivers fund"),), 700_050, ("first_time:yes",)),),
        rules_published=False,
    )
)
Client = Callable[[Person | None], FlaskClient]


def package(wanted: WantedTerms | None, sha256: str = "1") -> CallPackage:
    further = (FurtherTable(TERMS, wanted),) if wanted is not None else ()
    return replace(read_package(folder("gjf-2020")), further=further, sha256=sha256)


def load(wanted: WantedTerms | None, sha256: str = "1", **values: Any) -> list[str]:
    given = {"actor": system_actor(), "now": NOW, **values}
    changes = load_call(package=package(wanted, sha256), **given).changes
    db.session.commit()
    return changes


def the_call() -> Call:
    return db.session.scalars(select(Call)).one()


def entries() -> int:
    return db.session.scalars(select(func.count()).select_from(AuditEntry)).one()


def scored(call: Call) -> None:
    make_review(make_application(call).entries[0], make_reviewer(call), [4] * len(call.criteria))
    db.session.commit()


def test_a_package_fixes_terms_once_in_the_name_of_nobody(app: FundApp) -> None:
    assert load(WANTED) == ["call"]
    terms = set_terms(the_call())
    assert terms is not None
    assert (terms.values(), terms.set_by_id, terms.set_at) == (WANTED, None, NOW)
    record = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "terms:set")).one()
    assert (record.actor_id, record.data["terms"]) == (None, WANTED.to_json())
    with app.test_request_context():
        shown = terms_shown(terms.values(), terms, the_call())
    assert shown.set_by == "the files of the call"
    before = entries()
    assert (load(WANTED), load(WANTED, "2")) == ([], [])
    assert entries() == before


def test_other_terms_are_named_as_the_change_and_those_left_out_stay(app: FundApp) -> None:
    load(WANTED)
    other = replace(WANTED, places=13, rules=())
    assert load(other, "2") == ["selection"]
    assert terms_set(the_call()) == other
    assert load(None, "3") == []
    assert terms_set(the_call()) == other


def test_what_managers_fixed_meanwhile_stays_until_another_package_is_loaded(app: FundApp) -> None:
    load(WANTED)
    load(replace(WANTED, places=13), "2")
    call, mine = the_call(), WantedTerms(places=3)
    version = db.session.scalars(select(SelectionTerms.version)).one()
    manager = actor_of(make_staff(Role.MANAGER))
    set_selection_terms(actor=manager, call=call, wanted=mine, reason="", version=version, now=NOW)
    db.session.commit()
    assert load(replace(WANTED, places=13), "2") == []
    assert terms_set(the_call()) == mine
    assert load(WANTED, "3") == ["selection"]


@pytest.mark.parametrize("decided", [False, True])
def test_once_scores_or_decisions_can_be_seen_a_package_changes_no_terms(app: FundApp, decided: bool) -> None:
    load(WANTED)
    call = the_call()
    if decided:
        make_decision(make_slate(call), make_application(call).entries[0])
        db.session.commit()
    else:
        scored(call)
    assert load(WANTED, "2") == []
    before = entries()
    with pytest.raises(RuleViolations, match=r"call\.toml, key selection: Scores or decisions can be seen already"):
        load(replace(WANTED, places=1), "3")
    db.session.rollback()
    assert terms_set(the_call()) == WANTED
    assert entries() == before
    assert not list(db.session.scalars(select(TermsChange)))


def test_a_package_changes_no_terms_of_a_list_that_was_sent(app: FundApp) -> None:
    load(WANTED)
    make_slate(the_call(), SlateStatus.PROPOSED)
    db.session.commit()
    assert load(WANTED, "2") == []
    with pytest.raises(Conflict):
        load(replace(WANTED, places=1), "3")


def test_whoever_may_not_decide_fixes_no_terms_with_a_package(app: FundApp) -> None:
    load(None)
    actor = actor_of(make_staff(Role.RATIFIER))
    with pytest.raises(NotAllowed):
        load(WANTED, "2", actor=actor)
    with pytest.raises(NotAllowed):
        TERMS.put(actor=actor, call=the_call(), value=WANTED, now=NOW)


def test_terms_that_are_taken_out_load_again_unchanged(app: FundApp, tmp_path: Path) -> None:
    load(WANTED)
    call, actor = the_call(), actor_of(make_staff(Role.MANAGER))
    taken = take_out(actor=actor, call=call, with_invitations=False, now=NOW, parts=[TERMS])
    for name, data in package_files(taken, with_invitations=False).items():
        (tmp_path / name).write_bytes(data)
    again = read_package(tmp_path, parts=[TERMS])
    assert again.further == taken.further == (FurtherTable(TERMS, WANTED),)
    scored(call)
    before = entries()
    assert load_call(package=again, actor=system_actor(), now=NOW).changes == []
    assert entries() == before


@time_machine.travel(NOW, tick=False)
def test_the_page_that_gives_files_names_terms_where_there_are_some(app: FundApp, signed_in: Client) -> None:
    load(None)
    client = signed_in(make_staff(Role.MANAGER))
    assert "Terms of the selection" not in client.get("/manage/gjf-2020/package").text

    def files() -> str:
        archive = zipfile.ZipFile(io.BytesIO(client.post("/manage/gjf-2020/package").data))
        return archive.read("gjf-2020/call.toml").decode()

    assert "[selection]" not in files()
    load(WANTED, "2")
    assert "<li>Terms of the selection</li>" in client.get("/manage/gjf-2020/package").text
    assert "Rivers fund" in files()


def test_the_command_reads_the_terms_of_a_package(app: FundApp, tmp_path: Path) -> None:
    load(None)
    for name, data in package_files(package(WANTED), with_invitations=False).items():
        (tmp_path / name).write_bytes(data)
    done = CliRunner().invoke(calls, ["load", str(tmp_path)], obj=lambda: app, catch_exceptions=False)
    assert "call gjf-2020: selection changed" in done.output
    assert terms_set(the_call()) == WANTED


def test_another_call_that_is_made_from_one_fixes_its_terms_anew(app: FundApp) -> None:
    load(WANTED)
    later = {"call.slug": "gjf-2021", "call.reference_prefix": "GJF-2021"}
    made = clone_call(actor=actor_of(make_staff(Role.MANAGER)), call=the_call(), changes=later, now=NOW + timedelta(1))
    assert set_terms(made) is None
