"""A manager writes a form on pages, in two languages, tries it and puts it into use; an applicant answers it."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from fundapp.applications.xlsform import read_form

from . import signing_in
from .calls import load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

VARIANTS = [Variant("1280-builder", 1280, scripts=True), Variant("360-builder", 360, scripts=False)]
OFFICE = "Do you have an office? (sample)"


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_form_is_written_on_pages_and_answered(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    slug = f"builder-{variant.width}"
    load_open_call(service, tmp_path / slug, slug)
    manager = meet("Mona Sample")
    service.command("people", "add", manager.email, "--name", manager.name, "--role", "manager")
    signing_in.begin_as_staff(manager)
    manager.open(f"/manage/{slug}/form")
    manager.follow("Write the form here")
    manager.choose("The form that is in use")
    manager.press("Begin")
    manager.sees("This is a working copy. Applicants see it only when you put it into use.", "About your group")

    rooms_are_asked_for(manager)
    order_is_changed_and_undone(manager)
    what_is_not_translated_is_found(manager)
    it_is_tried_as_an_applicant(manager)
    file_comes_back_unchanged(manager, tmp_path / "form.xlsx")
    manager.press("Put it into use")
    manager.sees("The form is in use.")
    manager.follow("See all questions as applicants will")
    manager.sees(OFFICE, "How many rooms has it? (sample)")

    dara = meet("Dara Sample")
    dara.open(f"/calls/{slug}")
    dara.sees(OFFICE)
    dara.follow("Start or go on with an application")
    dara.press("Start the application")
    dara.follow("Your rooms")
    dara.choose("Yes, with a door")
    if not variant.scripts:  # with them the page follows by itself
        dara.press("Save and go on")
        dara.sees("There are more questions on this page now")
    dara.fill({"How many rooms has it? (sample)": "3"})
    dara.press("Save and see all parts")
    dara.follow("Your rooms")
    assert dara.page.get_by_label("How many rooms has it? (sample)").input_value() == "3"


def rows(manager: Visitor) -> Sequence[str]:
    """Return what the outline lists, in its order."""
    return manager.page.locator(".outline li > div > a:first-child").all_inner_texts()


def add(manager: Visitor, kind: str, words: str, *, to: str = "At the end of the form") -> None:
    manager.follow("Add a question or group")
    manager.page.get_by_label("What is it?").select_option(label=kind)
    manager.page.get_by_label("Where?").select_option(label=to)
    manager.fill({"Question, or text (English)": words})
    manager.press("Add it and go on")


def rooms_are_asked_for(manager: Visitor) -> None:
    """A group with a choice question, and one that is asked only after one of its choices."""
    manager.follow("Add a question or group")
    manager.press("Add it and go on")
    manager.sees("There is a problem", "Write the words in one language at least.")
    manager.follow("Write the form here")
    add(manager, "Group: a heading with questions under it", "Your rooms")
    manager.fill({"Question, or text (Arabic)": "غرفكم"})
    manager.press("Save")
    manager.sees("Still to be mended", "Nothing is asked in this group.")
    add(manager, "One choice of a list", OFFICE, to="At the end of: Your rooms")
    manager.page.get_by_label("Choices").fill("yes | Yes, with a door\nno | No, we meet elsewhere | لا")
    manager.page.get_by_label("Has to be answered", exact=True).check()
    manager.press("Save")
    assert "One choice of a list · has to be answered" in manager.row(OFFICE).inner_text()
    add(manager, "Whole number", "How many rooms has it? (sample)", to="At the end of: Your rooms")
    manager.page.get_by_text("When it is asked, and what has to hold").click()
    manager.page.get_by_label("When is it asked?").select_option(label=f"Only if “{OFFICE}” is “Yes, with a door”")
    rule = manager.page.get_by_label("What has to hold of the answer", exact=True)
    rule.fill(". >>= 1")
    manager.press("Save")
    manager.sees("There is a problem", "Something is still to be mended before the form can be put into use.")
    assert rule.input_value() == ". >>= 1"
    rule.fill(". >= 1")
    manager.press("Save")
    manager.sees("Saved.", f"Only if “{OFFICE}” is “Yes, with a door”")


def order_is_changed_and_undone(manager: Visitor) -> None:
    before = rows(manager)
    assert before[-3:] == ["Your rooms", OFFICE, "How many rooms has it? (sample)"]
    manager.press(f"Move up {OFFICE}")
    assert rows(manager) == [*before[:-3], OFFICE, "Your rooms", before[-1]], "up out of its group"
    manager.press("Undo the last change")
    manager.sees("The last change is undone.")
    assert rows(manager) == before


def what_is_not_translated_is_found(manager: Visitor) -> None:
    manager.follow("3 texts not translated yet")
    manager.follow("How many rooms has it? (sample)")
    manager.fill({"Question, or text (Arabic)": "كم غرفة فيه؟ (نموذج)"})
    manager.press("Save")
    manager.sees("2 texts not translated yet")


def it_is_tried_as_an_applicant(manager: Visitor) -> None:
    """Page by page, with what is missing said; what was typed is carried on, and stored nowhere."""
    manager.follow("Fill it in as an applicant would; nothing is stored")
    manager.sees("This is a preview", "Part 1 of 4")
    manager.press("Go on")
    manager.sees("There is a problem", "What is your group called?")
    manager.fill({"What is your group called?": "Nobody’s (sample)"})
    manager.press("Update this page")
    assert manager.page.get_by_label("What is your group called?").input_value() == "Nobody’s (sample)"
    manager.open(re.sub(r"\d+$", "4", manager.page.url))
    manager.choose("Yes, with a door")
    manager.press("Update this page")
    manager.fill({"How many rooms has it? (sample)": "0"})
    manager.press("Check this page")
    manager.sees("There is a problem")
    assert manager.page.get_by_label("How many rooms has it? (sample)").input_value() == "0"
    manager.follow("Write the form here")


def file_comes_back_unchanged(manager: Visitor, kept: Path) -> None:
    kept.write_bytes(manager.download("Download the working copy as an XLSForm").read_bytes())
    before = rows(manager)
    manager.press("Move up Your rooms")
    manager.follow("Replace it by a file or another form")
    manager.choose("A file: an XLSForm")
    manager.page.locator("#file").set_input_files(kept)
    manager.press("Begin")
    assert rows(manager) == before
    again = manager.download("Download the working copy as an XLSForm").read_bytes()
    assert read_form(again, "form.xlsx").fingerprint == read_form(kept.read_bytes(), "form.xlsx").fingerprint
