"""Somebody at risk protects an application, and leaves in a hurry: with scripts and without."""

from pathlib import Path

import pytest

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
