"""The direction of a text is that of its first letter with a direction; lazy texts are escaped where they are shown."""

import pytest
from flask import Flask, flash, get_flashed_messages, render_template_string
from flask_babel import Babel
from markupsafe import Markup, escape
from wtforms import Form, StringField

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext, text_direction
from fundapp.core.web import problems_into

HOSTILE = "<script>alert(1)</script>\" & '"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;&#34; &amp; &#39;"


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Companies cannot receive this money.", "ltr"),
        ("لا يمكن للشركات", "rtl"),
        ("2020 – «نموذج»", "rtl"),
        ("12. Acme نموذج", "ltr"),
        ("שלום Acme", "rtl"),
        ("1,000", "ltr"),
        ("", "ltr"),
    ],
)
def test_first_letter_decides_the_direction(text, direction):
    assert text_direction(text) == direction


@pytest.fixture
def bare():
    app = Flask("bare")
    app.secret_key = "of a test"
    Babel(app)
    with app.test_request_context():
        yield app


def lazy():
    # of a text of ours that is in no catalogue: the same in every language
    return lazy_gettext("No question is called “%(name)s”; can't be.", name=HOSTILE)


@pytest.mark.usefixtures("bare")
def test_what_was_typed_into_a_lazy_text_is_escaped():
    text = lazy()
    said = f"No question is called “{SHOWN}”; can&#39;t be."
    assert escape(text) == said
    assert Markup("<b>{}</b>").format(text) == f"<b>{said}</b>"
    assert render_template_string("{{ text }}|{{ [text] | join }}", text=text) == f"{said}|{said}"
    assert str(text) == f"No question is called “{HOSTILE}”; can't be.", "letters and tables have it as it is"
    assert str(lazy_gettext("%(text)s", text=HOSTILE)) == HOSTILE, "a variable may be called text"


@pytest.mark.usefixtures("bare")
def test_labels_and_problems_of_a_form_are_escaped():
    class Asked(Form):
        name = StringField(lazy(), render_kw={"title": lazy()})

    form = Asked()
    problems_into(form, RuleViolations([Problem(lazy(), "name"), Problem(lazy())]))
    page = render_template_string("{{ form.name.label }}{{ form.name }}{{ form.name.errors[0] }}", form=form)
    assert page.count(SHOWN) == 3
    assert "<script>" not in page
    assert "<script>" not in render_template_string("{{ form.form_errors[0] }}", form=form)


@pytest.mark.usefixtures("bare")
def test_a_lazy_text_that_is_flashed_is_escaped_once():
    flash(lazy())
    shown = render_template_string("{{ texts[0] }}", texts=get_flashed_messages())
    assert shown == f"No question is called “{SHOWN}”; can&#39;t be."
