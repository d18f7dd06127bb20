"""Programmes, calls and applications join the site."""

from datetime import datetime

from fundapp.accounts.call_names import add_call_lister
from fundapp.applications.files.tasks import file_job
from fundapp.applications.importing.background import import_job
from fundapp.applications.next_steps import add_step_finder
from fundapp.applications.overview import add_teller
from fundapp.applications.presentation.entering import steps_of_answering
from fundapp.applications.presentation.managing import named_calls, steps_of_checking
from fundapp.applications.presentation.overview import dates_of_applying
from fundapp.applications.services.deadlines import telling_job
from fundapp.applications.views import (
    afterwards,
    applicant,
    application_list,
    away,
    bp,
    call_making,
    call_opening,
    call_previews,
    call_settings,
    enquiries,
    entering_by_hand,
    form_drafts,
    form_items,
    form_previews,
    importing,
    invitations,
    keeping,
    managing,
    nominations,
    papers,
    people,
    preparing,
    protection,
    public,
    setting_aside,
    single_deadlines,
    starting,
    translating,
    uploads,
    writing,
)
from fundapp.core.dates import Moment, moment
from fundapp.core.web import FundApp

PAGES = (
    public,
    starting,
    away,
    keeping,
    enquiries,
    nominations,
    invitations,
    applicant,
    afterwards,
    papers,
    people,
    writing,
    uploads,
    preparing,
    managing,
    application_list,
    setting_aside,
    single_deadlines,
    protection,
    translating,
    call_making,
    call_settings,
    call_opening,
    call_previews,
    form_drafts,
    form_items,
    form_previews,
    entering_by_hand,
    importing,
)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    add_call_lister(app, named_calls)
    add_step_finder(app, steps_of_answering)
    add_step_finder(app, steps_of_checking)
    add_teller(app, dates_of_applying)
    app.add_job_kind(telling_job())
    app.add_job_kind(import_job(app.extensions["storage"]))
    app.jinja_env.globals["moment_of"] = _moment_of
    app.add_job_kind(file_job(app.extensions["storage"], lambda: app.extensions["scanner"]))


def _moment_of(iso: str, time_zone: str) -> Moment:
    """Let mail templates write an instant in the language of the mail."""
    return moment(datetime.fromisoformat(iso), time_zone)
