"""Pages that everybody may read: the calls, and each with all its questions."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from fundapp.applications.call_links import call_links
from fundapp.applications.call_sections import call_sections
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Call
from fundapp.applications.presentation import away, entering, questions
from fundapp.applications.presentation import calls as presentation
from fundapp.applications.queries import public
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.routes import public as for_everybody


@bp.get("/")
@for_everybody
def calls() -> ResponseReturnValue:
    """List the announced calls."""
    now = clock.now()
    return render_template(
        "applications/calls.html",
        groups=entering.calls_grouped(public.announced_calls(), now),
    )


@bp.get("/calls/<slug>")
@for_everybody
def call_page(slug: str) -> ResponseReturnValue:
    """Show a call: purpose, dates, every question with its limits, and how it is scored."""
    return render_template("applications/call_page.html", **said_by_call(public.announced_call(slug)))


def said_by_call(call: Call) -> dict[str, Any]:
    """Return everything that the page of a call shows."""
    now = clock.now()
    form = FormDefinition.from_json(public.current_form(call).definition)
    return {
        "call": presentation.call_shown(call, now),
        "nominations": entering.nominations_shown(call, now),
        "extensions": presentation.extensions_shown(call.extensions, call.time_zone),
        "categories": presentation.categories_shown(call.categories, call.currency),
        "criteria": presentation.criteria_shown(call.deciding_stage.criteria),
        "sections": questions.questions_shown(form, call),
        "form_languages": away.languages_shown(call),
        "links": call_links(call, now),
        "told": call_sections(call),
    }
