"""Pages of the tally: the ranking, the readers, and a paper for the panel."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.models import Call
from fundapp.applications.presentation.lists import file_names
from fundapp.applications.queries.listed_answers import listed_form
from fundapp.applications.queries.managing import managed_call
from fundapp.core.routes import limited, requires
from fundapp.review.presentation import calibration
from fundapp.review.presentation import tally as presentation
from fundapp.review.presentation.tally_paper import paper_pdf
from fundapp.review.presentation.tally_words import explained
from fundapp.review.queries import selection as queries
from fundapp.review.queries.selection import Selection
from fundapp.review.queries.tally import PoolTally, pool_tallies, reviewer_names
from fundapp.review.tally_list import Wanted, page_of, wanted_in
from fundapp.review.views import bp
from fundapp.review.views.selection import frame


@dataclass(frozen=True)
class Seen:
    """The tally of a call as the actor may see it."""

    call: Call
    found: Selection
    tallies: list[PoolTally]
    form: FormDefinition


@bp.get("/manage/<slug>/tally")
@requires(P.TALLY_READ)
def tally(slug: str) -> ResponseReturnValue:
    """Show the ranking: plain and adjusted figures, and how sure they are."""
    seen = _seen(slug)
    choices = _choices(seen)
    return _tally_page(seen, choices, wanted_in({**request.args, "search": ""}, choices))


@bp.post("/manage/<slug>/tally")
@requires(P.TALLY_READ)
@limited("search")
def search_tally(slug: str) -> ResponseReturnValue:
    """Show what a search finds. It comes by POST, so that no name stands in an address or in a browser's history."""
    seen = _seen(slug)
    choices = _choices(seen)
    wanted = wanted_in(request.form, choices)
    if not wanted.search:
        return redirect(url_for("review.tally", slug=slug, **wanted.arguments()))
    return _tally_page(seen, choices, wanted)


@bp.get("/manage/<slug>/tally/reviewers")
@requires(P.CALIBRATION_READ)
def calibration_page(slug: str) -> ResponseReturnValue:
    """Show how strict each reader is, how far they agree, and whether all can be compared."""
    seen = _seen(slug, P.CALIBRATION_READ)
    page = page_of(calibration.listed_readers(seen.tallies), _number())
    names = reviewer_names([each.reader.reviewer_id for each in page.items])
    return render_template(
        "review/tally_reviewers.html",
        **frame(seen.call),
        hides_scores=seen.found.hides_scores,
        pools=calibration.readers_shown(page, seen.tallies, seen.found, names),
        page=page,
    )


@bp.get("/manage/<slug>/tally.pdf")
@requires(P.TALLY_READ)
@limited("pdf")
def tally_paper(slug: str) -> ResponseReturnValue:
    """Give the ranking as a paper for the panel, in the reader's language; without anything of single readers."""
    seen = _seen(slug)
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'attachment; filename="{file_names("tally", seen.call)["name"]}.pdf"',
        "Cache-Control": "no-store",
    }
    return paper_pdf(seen.found, seen.tallies, seen.form), headers


def _seen(slug: str, permission: P = P.TALLY_READ) -> Seen:
    call = managed_call(actor=current_actor(), slug=slug, permission=permission)
    found = queries.selection(actor=current_actor(), call=call)
    return Seen(call, found, pool_tallies(found), listed_form(call))


def _choices(seen: Seen) -> dict[str, dict[str, str]]:
    return presentation.choices_of(presentation.listed(seen.tallies), seen.tallies, seen.found, seen.form)


def _number() -> int:
    return wanted_in(request.args, {}).number


def _tally_page(seen: Seen, choices: dict[str, dict[str, str]], wanted: Wanted) -> str:
    rows = presentation.listed(seen.tallies)
    page = presentation.page_listed(rows, wanted, seen.call, choices["region"])
    may_calibrate = current_actor().can(P.CALIBRATION_READ, seen.call.id)
    names = reviewer_names(presentation.readers_named(page)) if may_calibrate else None
    return render_template(
        "review/tally.html",
        **frame(seen.call),
        hides_scores=seen.found.hides_scores,
        has_entries=bool(rows),
        explained=explained(),
        leads_adjusted=presentation.leads_adjusted(seen.found),
        shown=presentation.list_shown(seen.call, wanted, choices),
        sorts=presentation.sorts_shown(seen.call, wanted),
        pools=presentation.pools_shown(page, seen.tallies, seen.found, seen.form, names),
        page=page,
        may_calibrate=may_calibrate,
    )
