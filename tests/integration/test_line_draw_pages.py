"""Pages and commands of the draw at the line: what everybody reads, who draws, and how it is repeated."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fundapp.accounts.permissions import Role
from fundapp.cli import main
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import LineLot
from tests.attacks.conflicting import pin
from tests.factories import make_staff
from tests.integration.test_line_draw import KNOWN, VALUE, DrawRound
from tests.integration.test_selection import AFTER


@pytest.fixture
def made(app: FundApp, clock: Any) -> DrawRound:
    clock.move_to(AFTER)
    made = DrawRound()
    db.session.commit()
    return made


def fixing(day: int = KNOWN.day, source: str = "Numbers of that day") -> dict[str, str]:
    on = {"value_on-day": str(day), "value_on-month": str(KNOWN.month), "value_on-year": str(KNOWN.year)}
    return {"value_source": source, "value_at": KNOWN.strftime("%H:%M"), **on}


def test_lots_are_fixed_and_drawn_on_pages_and_everybody_can_repeat_it(
    made: DrawRound, signed_in: Any, clock: Any, tmp_path: Path
) -> None:
    client, page = signed_in(made.person), f"/manage/{made.call.slug}/draw"
    assert "2 entries on each side of the line" in client.get(page).text
    wrong = client.post(f"{page}/lots", data=fixing(source=""))
    assert wrong.status_code == 422
    assert "Say which public value" in wrong.text
    assert client.post(f"{page}/lots", data=fixing()).status_code == 302
    assert "Come back when the value is known" in client.get(page).text
    assert client.post(page, data={"public_value": VALUE}).status_code == 409
    clock.move_to(KNOWN)
    client = signed_in(made.person)
    assert client.post(page, data={"public_value": VALUE}).status_code == 302
    assert "lot 1 of 4" in client.get(f"/manage/{made.call.slug}/selection").text
    assert client.post(page, data={"public_value": "another"}).status_code == 409
    anybody = signed_in(make_staff(Role.FINANCE))
    text = anybody.get(f"/calls/{made.call.slug}/draw").text
    document = anybody.get(f"/calls/{made.call.slug}/draw.json")
    assert VALUE in text
    for lot in db.session.query(LineLot):
        assert lot.label in text
    for entry in made.entries:
        for name in (entry.application.reference, entry.application.organisation_name, str(entry.id)):
            assert str(name) not in text + document.text
    file = tmp_path / "draw.json"
    file.write_text(document.text)
    told = CliRunner().invoke(main, ["draw", "repeat", str(file)]).output
    assert told.splitlines()[1:] == ["ok   list 1"]
    assert "among whom lots decide is not checked: the file names no entry" in told
    changed = json.loads(document.text)
    changed["draws"][0]["lots"][0]["place"] = 4
    file.write_text(json.dumps(changed))
    again = CliRunner().invoke(main, ["draw", "repeat", str(file)])
    assert (again.exit_code, "BAD  list 1" in again.output) == (1, True)
    file.write_text("[]")
    assert CliRunner().invoke(main, ["draw", "repeat", str(file)]).exit_code == 1


def test_who_is_in_conflict_reads_of_the_lots_of_others_only(made: DrawRound, signed_in: Any) -> None:
    made.fix()
    made.draw()
    hidden = made.entries[made.in_order()[2]]
    person = make_staff(Role.MANAGER, made.call)
    pin(hidden.application, person)
    db.session.commit()
    client = signed_in(person)
    label = db.session.query(LineLot).filter_by(entry_id=hidden.id).one().label
    page = client.get(f"/manage/{made.call.slug}/draw").text
    listed = client.get(f"/manage/{made.call.slug}/selection").text
    assert label not in page
    assert str(hidden.application.reference) not in page + listed
    assert "lot 3 of 3" in listed
    assert "of 4" not in listed


def test_a_call_without_lots_says_so_to_everybody(app: FundApp, signed_in: Any, clock: Any) -> None:
    clock.move_to(AFTER)
    made = DrawRound(width=None)
    db.session.commit()
    client = signed_in(made.person)
    for path in (f"/calls/{made.call.slug}/draw", f"/manage/{made.call.slug}/draw"):
        assert "no lots decide" in client.get(path).text
    assert client.get(f"/calls/{made.call.slug}/draw.json").get_json() == {"call": made.call.slug, "draws": []}
    assert client.post(f"/manage/{made.call.slug}/draw/lots", data=fixing()).status_code == 404
    assert "Lots at the line" not in client.get(f"/manage/{made.call.slug}/selection").text


def test_only_who_decides_draws(made: DrawRound, signed_in: Any) -> None:
    for role, status in ((Role.RATIFIER, 403), (Role.AUDITOR, 403), (Role.CHAIR, 403)):
        client = signed_in(make_staff(role, made.call))
        assert client.post(f"/manage/{made.call.slug}/draw/lots", data=fixing()).status_code == status
        assert client.post(f"/manage/{made.call.slug}/draw", data={"public_value": VALUE}).status_code == status
