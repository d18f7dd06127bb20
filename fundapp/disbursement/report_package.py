"""The table [reporting] of call.toml: which reports are asked, or that none is. No database, no web."""

from typing import Any, Final

from fundapp.applications.call_package import CallPackage
from fundapp.applications.call_package.keys import Keys
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.report_rules import MOST_DAYS, days_problems

KEY: Final = "reporting"
Days = tuple[int, ...]
"""Days after the acceptance, one for each report, in order; () where none is asked."""


def read_reporting(keys: Keys, _package: CallPackage) -> Days:
    """Return the days that a table says, and complain of what is wrong by the rules of the page."""
    asks_none = keys.flag("none")
    tables = list(keys.tables("reports"))
    days = [each.whole("days", least=1, most=MOST_DAYS) for each in tables]
    if asks_none == bool(days):
        message = _l("Say “none = true” where no report is asked, or else when each report is due: one of the two.")
        keys.complain("none", message)
    for problem in days_problems(days):
        keys.complain("reports", problem.message)
    for table in (*tables, keys):
        table.finish()
    return tuple(sorted(days))


def write_reporting(days: Days, _package: CallPackage) -> dict[str, Any]:
    """Return the table from which `read_reporting` reads the same."""
    return {"reports": [{"days": each} for each in days]} if days else {"none": True}
