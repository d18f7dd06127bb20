"""History joins the site."""

from fundapp.core.web import FundApp
from fundapp.disbursement.exports.kinds import add_tables
from fundapp.history.exporting import TABLE
from fundapp.history.views import bp


def join(app: FundApp) -> None:
    """Register this room's pages, and the table that it gives."""
    app.register_blueprint(bp)
    add_tables(app, TABLE)
