"""Retention and erasure join the site."""

from pathlib import Path

from fundapp.core.web import FundApp
from fundapp.retention import tombstones
from fundapp.retention.services import finish_job
from fundapp.retention.views import bp


def join(app: FundApp) -> None:
    """Register this room's pages and background work."""
    app.register_blueprint(bp)
    app.add_job_kind(finish_job(app.extensions["storage"], erased_list(app)))


def erased_list(app: FundApp) -> Path:
    """Return where the list of what was erased is kept, outside the database."""
    folder: Path = app.extensions["settings"].data_dir
    return folder / tombstones.FILE
