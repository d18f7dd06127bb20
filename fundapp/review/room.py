"""Review joins the site."""

from fundapp.accounts.home_links import add_home_links
from fundapp.applications.next_steps import add_step_finder
from fundapp.core.web import FundApp
from fundapp.review.presentation.finalists import profiles_to_answer
from fundapp.review.presentation.invitations import invitations_waiting
from fundapp.review.presentation.next_steps import steps_of_review
from fundapp.review.services.planning import plan_job
from fundapp.review.services.telling import tell_job
from fundapp.review.views import (
    answering,
    assigning,
    bp,
    conflicts,
    declined,
    finalist_consent,
    finalists,
    discussion,
    list_marks,
    lists,
    frozen,
    offline,
    pools,
    ratification,
    reading,
    reviewers,
    selection,
    stages,
    terms,
    tally,
    votes,
    withdrawing,
)

PAGES = (
    discussion,
    pools,
    stages,
    reading,
    offline,
    conflicts,
    assigning,
    finalists,
    finalist_consent,
    ratification,
    frozen,
    tally,
    selection,
    terms,
    declined,
    withdrawing,
    answering,
    reviewers,
    votes,
)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    add_step_finder(app, steps_of_review)
    add_home_links(app, invitations_waiting)
    add_home_links(app, profiles_to_answer)
    app.add_job_kind(plan_job())
    app.add_job_kind(tell_job())
