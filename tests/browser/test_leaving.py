"""Somebody at risk protects an application, and leaves in a hurry: with scripts and without."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from . import applicants
from .calls import load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

PHONE = Variant("360-leaving", 360, scripts=False)
DESK = Variant("1280-leaving", 1280, scripts=True)
BLANK = "about:blank"


def is_signed_out(visitor: Visitor) -> None:
    """Fail unless pages of applicants ask to sign in."""
    visitor.open("/applications")
    assert "/sign-in" in visitor.page.url


@pytest.mark.parametrize("variant", [PHONE, DESK], ids=lambda variant: variant.name)
def test_somebody_at_risk_protects_an_application_and_leaves_in_a_hurry(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    slug = f"leaving-{variant.width}"
    load_open_call(service, tmp_path / slug, slug)
    rosa = meet("Rosa Sample")
    applicants.start_by_mail(rosa, slug)
    rosa.follow("Protect yourself first")
    rosa.press("Protect my application")
    rosa.sees("Your application is protected.", "Protected")
    rosa.follow("Protect yourself first")
    rosa.sees("Your application goes by these two words, which say nothing about you:")

    page = rosa.page
    if not variant.scripts:
        page.get_by_role("link", name="Exit this page").click()
        page.wait_for_url("**/leave?end=1")
        assert page.locator("body").inner_text().strip() == "This page is empty. You can close it."
        assert page.title() == "Empty page"
    else:
        length = page.evaluate("history.length")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        assert page.locator("h1").count() == 1, "three times in a row, and nothing in between"
        page.keyboard.press("Escape")
        page.wait_for_url(BLANK)
        assert page.evaluate("history.length") == length, "it stands in the place of the page that was left"
    is_signed_out(rosa)


_UNDER_THE_WAY_OUT = """() => {
    const exit = document.querySelector(".exit").getBoundingClientRect();
    const across = Array.from({length: innerWidth / 8}, (_, step) => document.elementFromPoint(8 * step, exit.top + 4));
    return [across.filter((element) => element.closest("main, footer")).length, across.length, exit.width, innerWidth];
}"""


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_on_a_phone_the_way_out_lies_upon_no_button(
    language: str, service: Service, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    slug = f"leaving-{language}"
    load_open_call(service, tmp_path / slug, slug)
    page = new_context(viewport={"width": PHONE.width, "height": 740}, locale=language).new_page()
    page.goto(f"{service.address}/calls/{slug}")
    page.mouse.wheel(0, 300)
    shown_through, looked, exit_width, width = page.evaluate(_UNDER_THE_WAY_OUT)
    assert looked > 40
    assert exit_width < width, "the rest of the strip does nothing"
    assert shown_through == 0, "whatever is in its row is below the end of what is seen"
    page.mouse.click(8 if language != "ar" else width - 8, 740 - 8)
    assert page.url.endswith(f"/calls/{slug}"), "beside the way out nothing happens"
