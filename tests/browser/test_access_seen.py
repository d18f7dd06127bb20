"""What people see who set colours of their own, or who want nothing to move: on the pages of applying."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from . import applicants
from .calls import load_open_call
from .conftest import PICTURES
from .keys import Keys
from .service import Service
from .visitor import Meet, Variant, Visitor

SLUG = "seen"

# Controls and boxes whose edge a reader needs, and which have none once backgrounds are gone.
_WITHOUT_EDGE = """() => Array.from(document.querySelectorAll(
    "main :is(button, .button, .notice, .problems, .tag, .receipt, input, select, textarea)"
)).filter((each) => each.checkVisibility()
    && !each.matches(".unseen, .linklike, [type=hidden], [type=radio], [type=checkbox], [type=file]")
).filter((each) => {
    const style = getComputedStyle(each);
    return !["Top", "Right", "Bottom", "Left"].some((side) => parseFloat(style[`border${side}Width`]) >= 1
        && style[`border${side}Style`] !== "none" && style[`border${side}Color`] !== style.backgroundColor);
}).map((each) => each.outerHTML.slice(0, 120))"""
_MOVES = """() => {
    const all = [document.documentElement, ...document.querySelectorAll("body *")];
    return all.filter((each) => {
        const style = getComputedStyle(each);
        return style.transitionDuration.split(", ").some((each) => parseFloat(each) > 0)
            || style.animationName !== "none" || style.scrollBehavior === "smooth";
    }).length;
}"""


@pytest.fixture(scope="module")
def call(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One open call for this module."""
    load_open_call(service, tmp_path_factory.mktemp("calls") / SLUG, SLUG, form="kinds.md")
    return SLUG


@pytest.fixture
def writer(call: str, meet: Meet) -> Visitor:
    """Somebody with a draft."""
    writer = meet("Noor Sample")
    applicants.start_by_mail(writer, call)
    return writer


def pages_of_applying(writer: Visitor) -> Iterator[Page]:
    """Open each page of the way, one with problems among them."""
    own = writer.page.url
    for path in (f"/calls/{SLUG}", f"/calls/{SLUG}/start", own, f"{own}/sections/1", f"{own}/form"):
        writer.open(path)
        yield writer.page
    writer.open(f"{own}/sections/3")
    writer.fill({"Say in short what you do.": "word " * 20})
    writer.press("Save and go on")
    writer.sees("There is a problem")
    yield writer.page
    writer.open(f"{own}/check")
    yield writer.page


@pytest.mark.parametrize("variant", [Variant("360-forced", 360, scripts=False)], ids=lambda each: each.name)
def test_edges_and_focus_are_seen_in_colours_that_readers_force(variant: Variant, writer: Visitor) -> None:
    page = writer.page
    page.emulate_media(forced_colors="active")
    for number, shown in enumerate(pages_of_applying(writer)):
        assert shown.evaluate("matchMedia('(forced-colors: active)').matches")
        assert shown.evaluate(_WITHOUT_EDGE) == [], shown.url
        keys = Keys(writer)
        page.emulate_media(forced_colors="active")
        for _ in range(8):
            keys.tab()
        shown.screenshot(path=PICTURES / variant.name / f"forced-{number}.png")


@pytest.mark.parametrize("variant", [Variant("1280-still", 1280, scripts=False)], ids=lambda each: each.name)
def test_nothing_moves_for_whoever_wants_it_still(variant: Variant, writer: Visitor) -> None:
    for shown in pages_of_applying(writer):
        shown.emulate_media(reduced_motion="reduce")
        assert shown.evaluate(_MOVES) == 0, shown.url
        shown.emulate_media(reduced_motion="no-preference")
        assert shown.evaluate(_MOVES) > 0, "there is something that could move"
