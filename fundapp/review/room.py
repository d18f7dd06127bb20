"""Review joins the site."""

from fundapp.applications.next_steps import add_step_finder
from fundapp.core.web import FundApp
from fundapp.review.presentation.next_steps import steps_of_review
from fundapp.review.views import bp, conflicts, discussion, panel, reading, selection, withdrawing

PAGES = (discussion, reading, conflicts, panel, selection, withdrawing)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    add_step_finder(app, steps_of_review)
