"""Hands on a keyboard and nothing else: where the focus is, that it is seen, and that nothing lies over it."""

from itertools import pairwise
from typing import Any

from playwright.sync_api import Locator

from .visitor import Visitor

MOST_STOPS = 200
"""More stops than any of our pages has: whoever needs more goes in a circle."""

# What has the focus: whether its ring is drawn, how much of it is in the window, and what lies over that.
_FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const boxes = Array.from(element.getClientRects(), (box) => ({
        left: Math.max(box.left, 0), right: Math.min(box.right, innerWidth),
        top: Math.max(box.top, 0), bottom: Math.min(box.bottom, innerHeight),
        needed: Math.min(box.height, 20),
    })).filter((box) => box.right - box.left >= 1 && box.bottom - box.top >= 1);
    const over = [];
    for (const box of boxes) {
        const [inside, middle] = [2, (box.top + box.bottom) / 2];
        for (const [x, y] of [
            [(box.left + box.right) / 2, middle], [box.left + inside, middle], [box.right - inside, middle],
            [(box.left + box.right) / 2, box.top + inside], [(box.left + box.right) / 2, box.bottom - inside],
        ]) {
            const hit = document.elementFromPoint(x, y);
            const control = hit?.closest("label")?.control;
            const isIt = hit && (element.contains(hit) || control === element);
            if (!isIt) over.push(hit ? hit.outerHTML.slice(0, 80) : "nothing");
        }
    }
    return {
        what: element.outerHTML.slice(0, 160),
        isRinged: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        isInWindow: boxes.some((box) => box.bottom - box.top >= box.needed - 1),
        over,
    };
}"""

# Everything that a key should reach: one of each group of radio buttons, nothing that is hidden or switched off.
_STOPS = """() => {
    const groups = new Set();
    return Array.from(document.querySelectorAll("a[href], button, input, select, textarea, summary")).filter((each) => {
        if (each.disabled || each.tabIndex < 0 || each.type === "hidden" || !each.checkVisibility()) return false;
        if (each.type !== "radio") return true;
        const isChosen = document.querySelector(`input[name="${CSS.escape(each.name)}"]:checked`);
        if (groups.has(each.name) || (isChosen && isChosen !== each)) return false;
        groups.add(each.name);
        return true;
    });
}"""

# Which of them has the focus, from 0 (-1: none). Backwards, a group that nobody chose from begins with its last button.
_AT = """stops => {
    const at = document.activeElement;
    const isGroup = (each) => at.type === "radio" && each.type === "radio" && at.name === each.name;
    return stops.findIndex((each) => each === at || isGroup(each));
}"""

# Whether this has the focus, or another button of the same group.
_IS_THERE = """element => {
    const at = document.activeElement;
    return at === element || (at.type === "radio" && at.name === element.name);
}"""


class Keys:
    """The keyboard of one visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        # Where the window slides to what has the focus, nothing could be said of it on the way.
        self.page.emulate_media(reduced_motion="reduce")

    def tab(self, *, back: bool = False) -> dict[str, Any] | None:
        """Go on by one stop (None: to the window itself); fail unless it is seen that the focus is there."""
        self.page.keyboard.press("Shift+Tab" if back else "Tab")
        stop: dict[str, Any] | None = self.page.evaluate(_FOCUSED)
        if stop is not None:
            assert stop["isRinged"], f"nothing shows that the focus is at {stop['what']}"
            assert stop["isInWindow"], f"out of sight: {stop['what']}"
            assert stop["over"] == [], f"{stop['over']} over {stop['what']}"
        return stop

    def tab_to(self, target: Locator) -> None:
        """Go on until the focus is there; of radio buttons: at any of their group."""
        element = target.element_handle()
        for _ in range(MOST_STOPS):
            self.tab()
            if element.evaluate(_IS_THERE):
                return
        raise AssertionError(f"no key leads to {target}")

    def type(self, target: Locator, text: str) -> None:
        """Go to a field and type."""
        self.tab_to(target)
        self.page.keyboard.type(text)

    def enter(self, target: Locator) -> None:
        """Go to a link or a button and take it; look at the page that it leads to."""
        self.tab_to(target)
        self.press_enter()

    def press_enter(self) -> None:
        """Press Enter where the focus is, and look at the page that it leads to."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.visitor.look()

    def link(self, words: str) -> Locator:
        """Return the link with these words."""
        return self.page.get_by_role("link", name=self.visitor.words(words), exact=True)

    def button(self, words: str) -> Locator:
        """Return the button with these words."""
        return self.page.get_by_role("button", name=self.visitor.words(words), exact=True)

    def go_round(self, *, back: bool = False) -> None:
        """Go round the page once: every stop is reached, in the order in which it is read, and none holds the focus."""
        stops = self.page.evaluate_handle(_STOPS)
        expected = stops.evaluate("stops => stops.length")
        met: list[int] = []
        for _ in range(expected + 2):
            self.tab(back=back)
            met.append(stops.evaluate(_AT))
        where = f"{self.page.url}: {met}"
        assert set(range(expected)) <= set(met), f"not everything is reached at {where}"
        steps = [second - first for first, second in pairwise(met) if min(first, second) >= 0]
        jumps = [step for step in steps if step != (-1 if back else 1)]
        assert len(jumps) <= 1, f"more than one jump, from the end to the beginning, at {where}"
