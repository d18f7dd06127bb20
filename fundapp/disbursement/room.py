"""Awards, letters and exports join the site."""

from fundapp.accounts.home_links import add_home_links
from fundapp.applications.call_links import add_call_links
from fundapp.applications.next_steps import add_step_finder
from fundapp.applications.overview import add_teller
from fundapp.applications.package_parts import add_package_part
from fundapp.core.i18n import text_direction
from fundapp.core.pdf import bdi
from fundapp.core.web import FundApp
from fundapp.disbursement.exports.kinds import add_tables
from fundapp.disbursement.exports.tables import TABLES
from fundapp.disbursement.next_steps import steps_of_release
from fundapp.disbursement.presentation.funder_view import funders_to_read
from fundapp.disbursement.presentation.letters_beside import letters_of_thanks
from fundapp.disbursement.presentation.overview import told_of_awards
from fundapp.disbursement.services.exports import export_job
from fundapp.disbursement.services.reminders import look_for_reminders, remind_job
from fundapp.disbursement.services.reporting import REPORTING
from fundapp.disbursement.services.reports import look_for_reports, report_job
from fundapp.disbursement.tasks import letter_job
from fundapp.disbursement.views import (
    allocating,
    bp,
    contact_sheet,
    dossier,
    exports,
    funder_view,
    funds,
    instalments,
    letters,
    letters_beside,
    moving_up,
    next_call,
    offers,
    open_calls,
    own_reports,
    payees,
    payments,
    publication,
    reports,
    screening,
    signed_copies,
    templates,
)

PAGES = (
    allocating,
    contact_sheet,
    dossier,
    exports,
    funder_view,
    funds,
    instalments,
    letters,
    letters_beside,
    moving_up,
    next_call,
    offers,
    open_calls,
    own_reports,
    payees,
    payments,
    publication,
    reports,
    screening,
    signed_copies,
    templates,
)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    # The body of a letter is one template for the PDF and for the page; it isolates names with these filters.
    app.jinja_env.filters["bdi"] = bdi
    app.jinja_env.filters["text_direction"] = text_direction
    add_call_links(app, open_calls.calendar_links)
    add_home_links(app, letters_of_thanks)
    add_home_links(app, funders_to_read)
    add_step_finder(app, steps_of_release)
    add_teller(app, told_of_awards)
    app.add_round(look_for_reminders)
    app.add_job_kind(remind_job())
    app.add_round(look_for_reports)
    app.add_job_kind(report_job())
    add_package_part(app, REPORTING)
    add_tables(app, *TABLES)
    app.add_job_kind(export_job(app.extensions["storage"]))
    app.add_job_kind(letter_job(app.extensions["storage"]))
