"""The list of a call's applications: filtered, sorted, searched, page by page, and as a table to take away."""

from dataclasses import replace

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.application_table import applications_table
from fundapp.applications.presentation import application_list as presentation
from fundapp.applications.presentation.calls import call_shown
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries import managed_applications as queries
from fundapp.applications.queries.listed_answers import listed_form, listed_questions
from fundapp.applications.queries.managing import managed_call
from fundapp.applications.queries.meant_applications import MAX_CHOSEN
from fundapp.applications.views import bp
from fundapp.applications.wanted import Wanted, wanted_in
from fundapp.core import clock
from fundapp.core.i18n import current_language
from fundapp.core.list_pages import table_file
from fundapp.core.routes import fresh, limited, requires


@bp.get("/manage/<slug>/applications")
@requires(P.APPLICATION_READ)
def managed_applications(slug: str) -> ResponseReturnValue:
    """List a call's applications: counted by status, filtered, sorted, page by page."""
    wanted = replace(wanted_in(request.args), search="")
    return _list_page(slug, wanted, request.args.get("page", 1, type=int))


@bp.post("/manage/<slug>/applications")
@requires(P.APPLICATION_READ)
@limited("search")
def search_applications(slug: str) -> ResponseReturnValue:
    """List what a search finds. It comes by POST, so that no name stands in an address or in a browser's history.

    Filters without words to look for get an address of their own.
    """
    wanted = wanted_in(request.form)
    if not wanted.search and "search" in request.form:
        managed_call(actor=current_actor(), slug=slug, permission=P.APPLICATION_READ)
        return redirect(url_for("applications.managed_applications", slug=slug, **wanted.arguments()))
    return _list_page(slug, wanted, request.form.get("page", 1, type=int))


@bp.post("/manage/<slug>/applications.<format>")
@requires(P.APPLICATION_READ)
@fresh
@limited("export")
def applications_file(slug: str, format: str) -> ResponseReturnValue:  # noqa: A002 - the name of the argument in the address
    """Give what was filtered and searched for as a table. By POST, as the search is."""
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_READ)
    columns, rows = applications_table(
        actor=actor, call=call, wanted=wanted_in(request.form), language=current_language()
    )
    return table_file(columns, rows, format, **file_names("applications", call))


def _list_page(slug: str, wanted: Wanted, number: int) -> str:
    actor = current_actor()
    call = managed_call(actor=actor, slug=slug, permission=P.APPLICATION_READ)
    form = listed_form(call)
    questions = listed_questions(form)
    page = queries.applications_page(
        actor=actor, call=call, wanted=wanted, questions=questions, language=current_language(), number=number
    )
    kinds = queries.kinds_of(actor=actor, call=call)
    return render_template(
        "applications/managed_applications.html",
        call=call_shown(call, clock.now()),
        counts=presentation.counts_shown(slug, queries.numbers_of(actor=actor, call=call), wanted),
        shown=presentation.list_shown(call, form, kinds, wanted),
        headings=presentation.headings_shown(questions),
        rows=[presentation.row_shown(row, call, questions, actor) for row in page.items],
        page=page,
        wanted=wanted,
        may_enter=actor.can(P.APPLICATION_ENTER, call.id),
        may_import=actor.can(P.APPLICATION_IMPORT, call.id),
        may_set_aside=actor.can(P.APPLICATION_SET_ASIDE, call.id),
        max_chosen=MAX_CHOSEN,
    )
