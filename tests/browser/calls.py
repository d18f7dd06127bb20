"""A call for applications that is open now, as a call package: the folder that `fundapp calls load` takes."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from sqlalchemy import create_engine, update

from fundapp.applications.models import Call

from .service import Service

BUDGET = 30_000
SUMMARY_WORDS = 12

_PACKAGE = Path(__file__).parent / "package"


def load_open_call(
    service: Service, folder: Path, slug: str, *, form: str = "form.md", nominations: bool = False, also: str = ""
) -> None:
    """Write a call package that opened yesterday and closes in ten days, and load it.

    `form` is a file of the folder "forms", in place of the package's own. With `nominations`, organisations can be
    nominated from yesterday, for five days. `also` is added to the package's text.
    """
    today = datetime.now(UTC).date()
    values = {
        "slug": slug,
        "prefix": slug.upper(),
        "opens": today - timedelta(days=1),
        "closes": today + timedelta(days=10),
        "budget": BUDGET,
        "words": SUMMARY_WORDS,
    }
    folder.mkdir()
    for template in _PACKAGE.iterdir():
        (folder / template.name).write_text(Template(template.read_text("utf-8")).substitute(values), "utf-8")
    if form != "form.md":
        (folder / "form.md").write_text((_PACKAGE.parent / "forms" / form).read_text("utf-8"), "utf-8")
    if nominations:
        opens, closes = values["opens"], today + timedelta(days=5)
        with (folder / "call.toml").open("a", encoding="utf-8") as call:
            call.write(f"\n[nominations]\nopens = {opens}T09:00:00\ncloses = {closes}T12:00:00\n")
    if also:
        with (folder / "call.toml").open("a", encoding="utf-8") as call:
            call.write(also)
    service.command("calls", "load", str(folder))


def let_the_deadline_pass(service: Service, slug: str) -> None:
    """Put a call's deadline where time would put it: behind us. The one thing here that nobody does on a page."""
    engine = create_engine(service.database_url)
    with engine.begin() as connection:
        moved = connection.execute(update(Call).where(Call.slug == slug).values(closes_at=datetime.now(UTC)))
        assert moved.rowcount == 1
    engine.dispose()


def arabic_of_call() -> dict[str, str]:
    """Return what call and form say in Arabic, by their English, which stands right before it."""
    call = (_PACKAGE / "call.toml").read_text("utf-8")
    rows = [line.split("|") for line in (_PACKAGE / "form.md").read_text("utf-8").splitlines()]
    labels = {row[4].strip(): row[5].strip() for row in rows if len(row) > 5}
    return labels | dict(re.findall(r'\.en = "(.*)"\n.*\.ar = "(.*)"', call))
