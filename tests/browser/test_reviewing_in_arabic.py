"""A reviewer with a phone, in Arabic, on a line that breaks: from the invitation to the discussion."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from fundapp.review.scoring_rules import COMMENT, Judged, Part

from . import panel, rounds, signing_in
from .service import Service
from .visitor import Meet, Variant, Visitor

PHONE = Variant("360-reviewing-arabic", 360, scripts=True, language="ar")
SLUG = "rv-ar"
TEAMS = {"فريق النهر (نموذج)": "KE", "فريق الجبل (نموذج)": "JO", "فريق السوق (نموذج)": "PE"}
FIRST, SECOND, THIRD = (f"{SLUG.upper()}-{number:04}" for number in (1, 2, 3))
PRIVATE = "ما كتبته هدى وحدها"
"""What nobody may read before the phase turns."""


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_reviewer_with_a_phone_in_arabic(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    rounds.load_closed_call(service, tmp_path / SLUG, SLUG, TEAMS, also=rounds.two_phases())
    sami = meet("سامي")
    rounds.invite(service, SLUG, sami.email, name=sami.name, language="ar")
    signing_in.choose_password(sami)
    is_asked_and_says_what_they_know(sami)

    huda = "huda@sample.example"
    rounds.invite(service, SLUG, huda, name="هدى", language="ar")
    rounds.accept_for(service, SLUG, huda)
    rounds.give(service, SLUG, huda, 1)
    parts: dict[str, Part] = {"community": Judged(2, "", PRIVATE), "plan": Judged(3), COMMENT: PRIVATE}
    rounds.review_for(service, SLUG, huda, 1, parts)
    rounds.give(service, SLUG, sami.email, 1, 2)

    reading = reads(sami, FIRST)
    loses_the_line_and_then_the_session(sami)
    submits_and_changes_it(sami, reading)
    rounds.let_the_phase_turn(service, SLUG)
    discusses(sami, reading)
    steps_back(sami, SECOND)


def is_asked_and_says_what_they_know(reviewer: Visitor) -> None:
    """The invitation tells load and dates; the profile takes what is wrong back with what was typed."""
    reviewer.open("/home")
    reviewer.follow("You are asked to review", exact=False)
    reviewer.sees("What is asked of you", "You read from", "Until")
    panel.accept(reviewer)
    reviewer.fill({"Which regions do you know?": "الأردن، وادي النهر", "What do you know well?": "الأرض"})
    reviewer.fill({"How many applications can you take at a time?": "0"})
    reviewer.press("Save")
    reviewer.sees("There is a problem")
    assert reviewer.page.get_by_label(reviewer.words("What do you know well?")).input_value() == "الأرض"
    reviewer.fill({"How many applications can you take at a time?": "3"})
    reviewer.press("Save")
    reviewer.sees("Saved. The calls for which you review go by it from now on.")
    reviewer.fill({"Name of the organisation": list(TEAMS)[2]})
    reviewer.press("Add to the list")
    reviewer.sees("Noted. You will not be given anything of this organisation.")
    reviewer.open("/reviews")
    reviewer.sees("Nothing waits for you now.")


def reads(reviewer: Visitor, reference: str) -> str:
    """Declare no conflict of interest, and come to the application; return the address of its page."""
    reviewer.open("/reviews")
    reviewer.sees(FIRST, SECOND)
    reviewer.sees_not(THIRD)
    reviewer.follow("Say whether you have a conflict of interest", within=reviewer.row(reference), exact=False)
    reviewer.sees_not("We do what we say.")
    reviewer.choose("No, I have no conflict of interest")
    reviewer.press("Continue")
    reviewer.sees("We do what we say.")
    return reviewer.page.url


def comment(reviewer: Visitor, criterion: str) -> Locator:
    label = reviewer.words("“%(criterion)s”: why this score?") % {"criterion": reviewer.words(criterion)}
    return reviewer.page.get_by_label(label)


def reason(reviewer: Visitor, criterion: str) -> Locator:
    label = reviewer.words("If you cannot judge “%(criterion)s”: why?") % {"criterion": reviewer.words(criterion)}
    return reviewer.page.get_by_label(label)


@contextmanager
def stored(reviewer: Visitor) -> Iterator[None]:
    """Go on once the service has stored what is done meanwhile."""
    with reviewer.page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        yield


def loses_the_line_and_then_the_session(reviewer: Visitor) -> None:
    """Every change is saved by itself, or stays on the page until it can be; the page says which."""
    page, said = reviewer.page, reviewer.page.locator("[data-part=said]")
    saved = re.compile(reviewer.words("Saved at %(time)s.").partition("%")[0])
    with stored(reviewer):
        reviewer.choose("4", within=reviewer.group("Led by the community"))
    expect(said).to_have_text(saved)
    expect(page.locator(".total")).to_contain_text("4")

    page.context.set_offline(True)
    comment(reviewer, "Led by the community").fill("كُتب بلا اتصال")
    expect(said).to_have_text(reviewer.words(said.get_attribute("data-no-line") or ""))
    reviewer.page.get_by_role("button", name=reviewer.words("Submit the review")).click()
    expect(said).to_have_text(reviewer.words(said.get_attribute("data-no-line") or ""))
    with stored(reviewer):
        page.context.set_offline(False)
    expect(said).to_have_text(saved)

    reviewer.expected_statuses |= {400, 401}
    page.context.clear_cookies()
    reviewer.choose("I cannot judge this", within=reviewer.group("A plan that can work"))
    link = said.get_by_role("link", name=reviewer.words("Sign in"))
    with page.context.expect_page() as opened:
        link.click()
    reviewer.page = opened.value
    signing_in.by_password(reviewer)
    reviewer.page.close()
    reviewer.page = page
    with stored(reviewer):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(said).to_have_text(saved)
    page.evaluate("document.querySelector('form[data-module=saving]').elements.csrf_token.value = 'too old'")
    with stored(reviewer):
        reason(reviewer, "A plan that can work").fill("لا أعرف المنطقة.")
    expect(said).to_have_text(saved)
    reviewer.expected_statuses -= {400, 401}
    reviewer.look(weighed=False)

    reviewer.reload_until(lambda: comment(reviewer, "Led by the community").input_value() == "كُتب بلا اتصال")
    assert reason(reviewer, "A plan that can work").input_value() == "لا أعرف المنطقة."
    chosen = reviewer.group("A plan that can work").locator(":checked")
    assert chosen.input_value() == "cannot_judge"


def submits_and_changes_it(reviewer: Visitor, reading: str) -> None:
    """What is missing is said; what was submitted can be changed, and meanwhile it counts."""
    reason(reviewer, "A plan that can work").fill("")
    reviewer.press("Submit the review")
    reviewer.sees("There is a problem")
    reason(reviewer, "A plan that can work").fill("لا أعرف المنطقة.")
    reviewer.press("Submit the review")
    reviewer.sees("Thank you. Your review was submitted.")
    reviewer.open(reading)
    reviewer.follow("What the others said, and when you can see it")
    reviewer.sees("When you do what")
    reviewer.sees_not(PRIVATE)
    reviewer.follow("Your review")
    reviewer.press("Change your review")
    reviewer.sees("What you submitted counts until you submit your changes")
    reviewer.choose("5", within=reviewer.group("Led by the community"))
    reviewer.press("Submit your changes")
    reviewer.sees("Thank you. Your review was submitted.")


def discusses(reviewer: Visitor, reading: str) -> None:
    """After the reveal the others' reviews are there, by alias; what is written stands there at once."""
    reviewer.open(f"{reading}/others")
    reviewer.sees(PRIVATE, "Two random words stand in place of each name. They are others for each application.")
    reviewer.sees_not("هدى (")
    reviewer.press("Add it to the discussion")
    reviewer.sees("There is a problem")
    reviewer.fill({"Your contribution": "أرى الأمر بطريقة أخرى."})
    reviewer.group("Is it meant for somebody?").locator("[type=checkbox]").first.check()
    reviewer.press("Add it to the discussion")
    reviewer.sees("أرى الأمر بطريقة أخرى.")


def steps_back(reviewer: Visitor, reference: str) -> None:
    """An application that was begun is gone from all that this person can open, once they declare a conflict."""
    reading = reads_second(reviewer, reference)
    reviewer.follow("I have a conflict of interest after all")
    reviewer.choose("Yes, I have a conflict of interest, or I am not sure")
    reviewer.fill({"What is the conflict?": "أختي تعمل هناك."})
    reviewer.press("Continue")
    reviewer.sees("Thank you. You will not see this application any more, and somebody else will read it.")
    reviewer.expected_statuses.add(404)
    team = list(TEAMS)[1]
    for path in ("/home", "/reviews", reading, f"{reading}/others", f"{reading}/conflict"):
        reviewer.open(path)
        reviewer.sees_not(reference, team)
        if path.startswith("http"):
            reviewer.sees("We could not find that page")
    reviewer.open("/reviews")
    reviewer.sees(FIRST)


def reads_second(reviewer: Visitor, reference: str) -> str:
    """Begin another one, and leave a draft."""
    reviewer.open("/reviews")
    reviewer.follow("Say whether you have a conflict of interest", within=reviewer.row(reference), exact=False)
    reviewer.choose("No, I have no conflict of interest")
    reviewer.press("Continue")
    reviewer.choose("2", within=reviewer.group("Led by the community"))
    reviewer.press("Save the draft")
    return re.sub(r"\?.*", "", reviewer.page.url)
