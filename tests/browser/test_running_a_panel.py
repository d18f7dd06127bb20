"""Those who run a panel, without scripts, on a phone and at a desk: whom to ask, who reads what, who goes on."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fundapp.review.scoring_rules import COMMENT, Judged, Part

from . import rounds, signing_in, staff
from .service import Service
from .visitor import Meet, Variant, Visitor

VARIANTS = [Variant("1280-panel", 1280, scripts=False), Variant("360-panel", 360, scripts=False)]
TEAMS = {f"Team of the {place} (sample)": "KE" for place in ("River", "Hill", "Market", "Lake")}
SCREENED_FIRST = """
[[stages]]
code = "screening"
title.en = "Screening"
title.ar = "الفرز"
kind = "screening"
minutes = 10

[[stages]]
code = "full"
title.en = "Full review"
title.ar = "المراجعة الكاملة"
kind = "review"
minutes = 60
confidence = true

[[criteria]]
code = "led"
stage = "screening"
weight = 1
minimum = 0
maximum = 1
label.en = "Led by those concerned"
label.ar = "يقودها أصحاب الشأن"
question.en = "Do the people concerned lead it?"
question.ar = "هل يقودها أصحاب الشأن؟"
anchors.0.en = "No"
anchors.0.ar = "لا"
anchors.1.en = "Yes"
anchors.1.ar = "نعم"
"""
IMPARTIAL = """
[reviewers]
impartial = true
undone_reviews = "last"
"""
PROPOSED = re.compile(r"^\d+ (goes|go) on")


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_running_a_panel_without_scripts(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    slug, pooled = f"pn-{variant.width}", f"pl-{variant.width}"
    rounds.load_closed_call(service, tmp_path / slug, slug, TEAMS, also=SCREENED_FIRST)
    rounds.load_closed_call(service, tmp_path / pooled, pooled, TEAMS, also=IMPARTIAL)
    mara = meet("Mara Sample")
    service.command("people", "add", mara.email, "--name", mara.name, "--role", "manager")
    signing_in.begin_as_staff(mara)
    references = [f"{slug.upper()}-{number:04}" for number in (1, 2, 3, 4)]
    phases_are_added(mara, slug)
    panel = [f"{slug}-{number}@readers.example" for number in (1, 2, 3)]
    people_are_asked(service, mara, slug, panel)
    plan_is_made_changed_applied_and_undone(mara, slug, references)
    read_by_one = rounds.given(service, slug, panel[0])
    conflict_is_fixed_by_hand(mara, slug, references[read_by_one[-1] - 1])
    staff.assign(mara, slug)
    some_review_and_some_do_not(service, slug, panel)
    who_is_behind(mara, slug, panel)
    entries_go_on_and_come_back(mara, slug, references)
    pools_are_drawn(service, mara, pooled)


def in_days(days: int) -> dict[str, str]:
    day = datetime.now(UTC) + timedelta(days=days)
    return {"Day": str(day.day), "Month": str(day.month), "Year": str(day.year)}


def phases_are_added(manager: Visitor, slug: str) -> None:
    """A phase that ends before it starts keeps what was typed."""
    manager.open(f"/manage/{slug}/stages")
    manager.sees("Screening", "Full review", "A short checklist")
    manager.follow("Phases of scoring and discussion")
    manager.sees("There is none yet.")
    manager.click(manager.page.locator("main a.button.quiet"))
    manager.fill({"Short name": "alone"})
    manager.page.get_by_label("Name of the phase").first.fill("Each alone")
    manager.page.get_by_label("Name of the phase").nth(1).fill("كلٌّ وحده")
    manager.choose("Screening", within=manager.group("To which stage does it belong?"))
    manager.fill(in_days(0), within=manager.group("First day"))
    manager.fill(in_days(-2), within=manager.group("Last day"))
    manager.fill({"First day: time of day": "00:00", "Last day: time of day": "20:00"})
    manager.choose("Reviewers score, and change their scores")
    manager.press("Save")
    manager.sees("There is a problem")
    manager.fill(in_days(9), within=manager.group("Last day"))
    manager.press("Save")
    manager.sees("Saved.")
    manager.follow("Phases of scoring and discussion")
    manager.sees("Each alone")


def people_are_asked(service: Service, manager: Visitor, slug: str, panel: list[str]) -> None:
    """One by one with what is missing named, and by a list with its rows; whoever said nothing can be reminded."""
    one, *rest = panel
    manager.open(f"/manage/{slug}/reviewers")
    manager.sees("Nobody was invited yet.")
    manager.fill({"Name": "Reader 1 Sample"})
    manager.press("Invite")
    manager.sees("There is a problem", "Enter an e-mail address.")
    manager.fill({"E-mail address": one})
    manager.press("Invite")
    lines = ["name,email,languages", *(f"Reader {number} Sample,{each},xx" for number, each in enumerate(rest, 2))]
    manager.fill({"Paste a list": "\n".join(lines)})
    manager.press("Invite everybody on the list")
    manager.sees("There is a problem", "row 2")
    manager.fill({"Paste a list": "\n".join(lines).replace(",xx", ",en")})
    manager.press("Invite everybody on the list")
    manager.sees(*panel)
    rounds.accept_for(service, slug, *panel[:2])
    manager.follow("Reader 3 Sample")
    manager.press("Remind them now")
    manager.sees("They had a mail from us not long ago")
    rounds.accept_for(service, slug, panel[2])


def plan_is_made_changed_applied_and_undone(manager: Visitor, slug: str, references: list[str]) -> None:
    """Nothing happens before it is applied; what was laid down by hand holds in the next plan."""
    manager.open(f"/manage/{slug}/assignment")
    manager.press("Make a plan")
    manager.sees("Loads under this plan", "0 of 2")
    manager.press("Apply this plan")
    manager.sees("Applied")
    manager.press("Undo this plan")
    manager.sees("Undone: everything is as it was before this plan.")
    for label, reader in (("Keep it with them in every plan", 1), ("Keep it away from them in every plan", 2)):
        manager.open(f"/manage/{slug}/assignment")
        manager.click(manager.row(references[0]).get_by_role("link", name="0 of 2", exact=False))
        manager.press("Show what it changes")
        manager.sees("There is a problem")
        manager.page.get_by_label("Reviewer", exact=True).select_option(label=f"Reader {reader} Sample")
        manager.choose(label)
        manager.press("Show what it changes")
        manager.sees("Now and then")
        manager.click(manager.page.locator("main form[method=post] button").first)
    manager.fill({"How many people read it": "3"})
    manager.press("Keep this number")
    manager.open(f"/manage/{slug}/assignment")
    manager.press("Make a plan")
    manager.press("Apply this plan")
    manager.sees("Applied", "Some reviews cannot be given to anybody")
    manager.click(manager.row(references[0]).get_by_role("link", name="2 of 3", exact=False))
    assert "Reads it" not in manager.row("Reader 2 Sample").inner_text()


def conflict_is_fixed_by_hand(manager: Visitor, slug: str, reference: str) -> None:
    manager.open(f"/manage/{slug}/reviewers")
    manager.click(manager.row("Reader 1 Sample").get_by_role("link", name="Conflicts of interest", exact=False))
    manager.fill({"Reference of the application": "NO-SUCH"})
    manager.press("Go to it")
    manager.sees("There is no application with this reference here.")
    manager.fill({"Reference of the application": reference})
    manager.press("Go to it")
    manager.choose("Yes: they see nothing of it")
    manager.press("Save")
    manager.sees("There is a problem", "Write the reason.")
    manager.fill({"Reason": "They sat on its board."})
    manager.press("Save")
    manager.sees("They sat on its board.")


def some_review_and_some_do_not(service: Service, slug: str, panel: list[str]) -> None:
    for address in panel[1:]:
        for number in rounds.given(service, slug, address):
            parts: dict[str, Part] = {"led": Judged(0 if number == 3 else 1), COMMENT: "As the answers say."}
            rounds.review_for(service, slug, address, number, parts)


def who_is_behind(manager: Visitor, slug: str, panel: list[str]) -> None:
    manager.open(f"/manage/{slug}/reviewers")
    assert manager.page.get_by_role("img", name="How far the reviewers are").is_visible()
    manager.follow("most to come first")
    rows = manager.page.locator("main tbody tr").all_inner_texts()
    assert "Reader 1 Sample" in rows[0]


def entries_go_on_and_come_back(manager: Visitor, slug: str, references: list[str]) -> None:
    manager.open(f"/manage/{slug}/stages")
    manager.follow("Screening")
    manager.follow("Choose who reads in this stage")
    manager.choose("Reader 2 Sample")
    manager.press("Save")
    manager.row(references[2]).get_by_role("checkbox").check()
    manager.press("See what this does")
    manager.sees("What this does")
    manager.press("Take them on")
    manager.sees("There is a problem")
    manager.fill({"Reason": "The no was a slip of the finger."})
    manager.press("Take them on")
    manager.open(f"/manage/{slug}/stages")
    manager.press("Take the last step back")
    manager.sees("Taken back")


def pools_are_drawn(service: Service, manager: Visitor, slug: str) -> None:
    """From the list, by a value that comes later, to the open scores; everybody can read how."""
    manager.open(f"/manage/{slug}")
    manager.follow("Two pools")
    manager.fill({"At most how many applications each?": "2"})
    manager.press("Ask them")
    manager.press("Fix the list")
    manager.sees("There is a problem")
    manager.fill({"Which public value will decide the draw?": "The numbers of the national lottery."})
    manager.fill(in_days(2), within=manager.group("Day on which it becomes known"))
    manager.fill({"Time of day": "20:00"})
    manager.press("Fix the list")
    manager.sees("The list is fixed. Come back when the public value is known.")
    rounds.let_the_value_be_known(service, slug)
    manager.open(f"/manage/{slug}/pools")
    manager.press("Draw the pools")
    manager.sees("There is a problem")
    manager.fill({"The public value": "4 8 15 16 23 42"})
    manager.press("Draw the pools")
    manager.sees("The pools are drawn. Readers can be found now.", "Pool A", "Pool B")
    manager.page.get_by_label("Application", exact=True).select_option(index=1)
    manager.press("Excuse them")
    manager.sees("There is a problem", "Give a reason.")
    manager.fill({"Why are its people excused?": "Illness in the family."})
    manager.press("Excuse them")
    manager.sees("They are excused.")
    manager.press("Open the scores")
    manager.sees("The scores are open. Reviews have ended.", "Pool A", "Pool B")
    manager.open(f"/manage/{slug}/pools")
    manager.sees("Scores opened to those who decide")
    manager.follow("The page that everybody reads")
    manager.sees("Why nobody can gain by marking others down", "4 8 15 16 23 42")
