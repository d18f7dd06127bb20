"""A whole application by keys alone, without scripts, also where a page is enlarged four times."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize

from .calls import SUMMARY_WORDS, load_open_call
from .keys import Keys
from .service import Service
from .visitor import Meet, Variant

FOUR_TIMES: ViewportSize = {"width": 320, "height": 256}
"""What is left, in CSS pixels, of a window of 1280 by 1024 at 400 %."""


@pytest.mark.parametrize("variant", [Variant("1280-keys", 1280, scripts=False)], ids=lambda each: each.name)
@pytest.mark.parametrize("is_enlarged", [False, True], ids=["as it is", "at 400 %"])
def test_whole_application_by_keys_alone_without_scripts(
    variant: Variant, is_enlarged: bool, service: Service, meet: Meet, tmp_path: Path
) -> None:
    slug = "keys-400" if is_enlarged else "keys"
    load_open_call(service, tmp_path / slug, slug)
    visitor = meet("Kirabo Sample")
    page = visitor.page
    if is_enlarged:
        page.set_viewport_size(FOUR_TIMES)
    keys = Keys(visitor)
    visitor.open(f"/calls/{slug}")
    keys.tab()
    assert page.evaluate("document.activeElement.matches('.skip')"), "the first stop leads past the head of the page"
    page.keyboard.press("Enter")
    keys.tab()
    assert page.evaluate("Boolean(document.activeElement.closest('main'))"), "and there it goes on"
    keys.go_round()
    keys.enter(keys.link("Start or go on with an application"))
    keys.enter(keys.button("Start the application"))
    keys.go_round()
    keys.enter(keys.link("About your group"))
    keys.go_round(back=True)

    keys.type(page.locator("[name=q_organisation]"), "Keys of the Hill (sample)")
    keys.tab_to(page.locator("[name=q_country]").first)
    page.keyboard.press("Space")
    before = page.locator("[name=q_country]:checked").input_value()
    page.keyboard.press("ArrowDown")
    assert page.locator("[name=q_country]:checked").input_value() != before, "arrows go through the group"
    keys.type(page.get_by_label("How many people work in the group?"), "many")
    keys.press_enter()
    visitor.sees("There is a problem")
    assert page.evaluate("document.activeElement.matches('.problems')"), "the list of problems has the focus"
    keys.tab()
    page.keyboard.press("Enter")
    wrong = page.get_by_label("How many people work in the group?")
    assert wrong.evaluate("field => field === document.activeElement"), "its link leads into the field"
    page.keyboard.press("Control+A")
    page.keyboard.type("7")
    keys.press_enter()

    keys.type(page.get_by_label("Give your application a title."), "Keys for all")
    keys.type(page.get_by_label("Say in short what you do."), " ".join(["word"] * SUMMARY_WORDS))
    keys.tab_to(page.get_by_label("Land and housing"))
    page.keyboard.press("Space")
    keys.enter(keys.button("Save and go on").last)
    keys.type(page.get_by_label("How much do you ask for?"), "12,000")
    keys.go_round()
    keys.tab_to(page.get_by_label("What we wrote is true."))
    page.keyboard.press("Space")
    keys.enter(keys.button("Save and go on").last)

    visitor.sees("Check your answers", "Keys of the Hill (sample)")
    keys.go_round()
    check = page.url
    keys.enter(page.locator("main a[href$='/keep']").first)
    keys.go_round()
    keys.enter(keys.button("Make my reference and words"))
    visitor.open(check)
    keys.enter(keys.button("Send the application"))
    visitor.sees("Your application was sent")
    assert re.fullmatch(rf"{slug.upper()}-[\d-]+", page.locator(".receipt .reference").inner_text())
    keys.go_round()
    keys.enter(keys.link("Read what was sent"))
    visitor.sees("Keys of the Hill (sample)")
