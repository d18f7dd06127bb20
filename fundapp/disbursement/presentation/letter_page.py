"""A letter as a page on the web shows it: the words of the PDF, in the language of the letter."""

from flask import render_template
from markupsafe import Markup

from fundapp.core.i18n import in_language
from fundapp.disbursement.letter_words import Words
from fundapp.disbursement.letters import body_of


def letter_on_page(kind: str, words: Words, language: str) -> Markup:
    """Return a letter's head and words.

    They are rendered apart because they may be in another language than the page around them.
    """
    with in_language(language):
        page = render_template("disbursement/_letter.html", letter=words, body=body_of(kind, words))
    return Markup(page)  # noqa: S704 - escaped by the template
