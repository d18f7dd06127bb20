"""Programmes, calls and applications join the site."""

from fundapp.applications.views import public
from fundapp.core.web import FundApp


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(public.bp)
