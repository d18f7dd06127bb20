"""Certificates as they are printed: one page across, nothing outside, nothing on each other, a name in every script."""

import pytest

from fundapp.core.pdf import PdfError, html_to_pdf, render_pdf
from fundapp.disbursement.rules import failure_text
from tests.drawn import Sheet, drawn
from tests.unit.test_letter_names import NAMES, letter_with
from tests.unit.test_pdf import LETTER

MARGIN = 25
"""Millimetres at the sides that no word comes into."""
BAND = 8
"""Millimetres of the woven bands above and below."""
SIZES = {"a4": (297, 210), "letter": (279, 216)}
EIGHT = ("latin", "cyrillic", "arabic", "hindi", "bengali", "burmese", "amharic", "chinese")
LONG = (
    "Réseau des femmes pour la terre, l’eau et les droits de la vallée du Grand Fleuve, section du Nord-Est (sample) "
)


def problems(sheet: Sheet) -> list[str]:
    """Say what somebody who holds the certificate would see to be wrong."""
    told = [f"{words} stand on each other" for words in sheet.overlaps()]
    told += [
        f"{word.text} is outside"
        for word in sheet.words
        if word.left < MARGIN
        or word.right > sheet.width - MARGIN
        or word.top < BAND + 2
        or word.bottom > sheet.height - BAND - 2
    ]
    in_the_middle = [word for word in sheet.words if 40 < word.top < sheet.height - 40]
    if (
        not in_the_middle
        or abs(min(word.left for word in in_the_middle) + max(word.right for word in in_the_middle) - sheet.width) > 4
    ):
        told.append("it does not stand in the middle")
    if not (sheet.left < 1 and sheet.right > sheet.width - 1 and sheet.top < 1 and sheet.bottom > sheet.height - 1):
        told.append("the bands do not reach the edges")
    return told


@pytest.mark.parametrize("paper", SIZES)
@pytest.mark.parametrize("script", EIGHT)
def test_a_certificate_is_one_page_across_in_every_script(script: str, paper: str) -> None:
    (sheet,) = drawn(letter_with(NAMES[script].text, "en", "certificate.html", paper))
    assert (round(sheet.width), round(sheet.height)) == SIZES[paper]
    assert problems(sheet) == []


@pytest.mark.parametrize("language", ["ar", "fr"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_long_name_is_set_smaller_and_stays_on_the_page(language: str, times: int) -> None:
    (sheet,) = drawn(letter_with((LONG * times).strip(), language, "certificate.html"))
    assert problems(sheet) == []


def test_a_certificate_tells_no_amount() -> None:
    (sheet,) = drawn(render_pdf("certificate.html", LETTER, language="en"))
    assert "Mwanga Paralegal Collective" in sheet.text
    assert "17,000" not in sheet.text


def test_what_does_not_fit_on_one_page_is_refused_with_words() -> None:
    with pytest.raises(PdfError, match="does not fit on pages: 1") as refusal:
        letter_with(LONG * 40, "en", "certificate.html")
    assert failure_text(str(refusal.value)) == "It does not fit on 1 page. Shorten what it says."


def test_a_certificate_that_is_drawn_badly_is_seen() -> None:
    page = "<html lang=en><style>@page { size: A4 landscape; margin: 2mm }</style><title>t</title><p>At the edge"
    (sheet,) = drawn(html_to_pdf(page))
    assert {"At is outside", "the bands do not reach the edges"} <= set(problems(sheet) or [])
