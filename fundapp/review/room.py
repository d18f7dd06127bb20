"""Review joins the site."""

from fundapp.accounts.home_links import add_home_links
from fundapp.applications.call_links import add_call_links
from fundapp.applications.call_sections import add_call_section
from fundapp.applications.next_steps import add_step_finder
from fundapp.applications.overview import add_teller
from fundapp.applications.package_parts import add_package_part
from fundapp.core.web import FundApp
from fundapp.review.presentation.deciding_told import deciding_told
from fundapp.review.presentation.finalists import profiles_to_answer
from fundapp.review.presentation.invitations import invitations_waiting
from fundapp.review.presentation.next_steps import steps_of_review
from fundapp.review.presentation.overview import told_of_review
from fundapp.review.presentation.public_vote import links_of_call
from fundapp.review.services.planning import plan_job
from fundapp.review.services.telling import tell_job
from fundapp.review.services.terms_of_packages import TERMS
from fundapp.review.views import (
    answering,
    assigning,
    bp,
    conflicts,
    declined,
    discussion,
    finalist_consent,
    finalists,
    frozen,
    line_draw,
    list_marks,
    lists,
    minutes,
    offline,
    pools,
    public_vote,
    ratification,
    reading,
    reviewers,
    selection,
    stages,
    tally,
    terms,
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
    public_vote,
    ratification,
    declined,
    frozen,
    lists,
    minutes,
    list_marks,
    selection,
    tally,
    terms,
    withdrawing,
    answering,
    reviewers,
    votes,
    line_draw,
)
"""Importing these modules puts their pages on the blueprint."""


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    add_step_finder(app, steps_of_review)
    add_teller(app, told_of_review)
    add_home_links(app, invitations_waiting)
    add_home_links(app, profiles_to_answer)
    add_call_links(app, links_of_call)
    add_call_section(app, deciding_told)
    add_package_part(app, TERMS)
    app.add_job_kind(plan_job())
    app.add_job_kind(tell_job())
