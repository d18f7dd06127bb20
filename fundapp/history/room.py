"""History joins the site."""

from fundapp.core.web import FundApp
from fundapp.history.views import bp


def join(app: FundApp) -> None:
    """Register this room's pages."""
    app.register_blueprint(bp)
