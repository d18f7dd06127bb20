"""Retention and held work, as an operator runs them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from fundapp.applications.models import Application, ApplicationStatus
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.mail import queue_mail
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.retention import tombstones

from ..attacks.world import make_paper
from ..factories import make_application, make_call

DAY = timedelta(days=1)


def old_draft(installation):
    """A draft whose time was over yesterday, and another that has some days left."""
    now = clock.now()
    call = make_call(opens_at=now - 400 * DAY, closes_at=now - 200 * DAY)
    old, young = (make_application(call, status=ApplicationStatus.DRAFT, saved_at=now - age * DAY) for age in (91, 80))
    make_paper(installation.app.extensions["storage"], old, "a paper")
    db.session.commit()
    return call.slug, old.id, young.id


def lines_of(capfd) -> list[str]:
    return [line for line in capfd.readouterr().out.splitlines() if line]


def test_the_dry_run_says_what_the_run_then_does(installation, capfd):
    slug, old, young = old_draft(installation)
    db.session.remove()
    installation.run("retention", "run", "--dry-run")
    (line,) = [line for line in lines_of(capfd) if line.startswith(slug)]
    later = (clock.now() + 10 * DAY).date()
    assert line == f"{slug}  draft: 1 now; 1 later, the next on {later}"
    assert db.session.get_one(Application, old).erased_at is None
    db.session.remove()
    installation.run("retention", "run")
    assert "draft: 1 erased" in lines_of(capfd)
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert db.session.get_one(Application, old).erased_at is not None
    assert db.session.get_one(Application, young).erased_at is None
    storage = installation.app.extensions["storage"]
    assert list(storage.root.glob("*/*")) == []
    graves = tombstones.read(installation.settings.data_dir / tombstones.FILE)
    person_id = db.session.get_one(Application, old).person_id  # never signed in, and nothing needs them any more
    assert {grave.object_id for grave in graves} == {old, person_id}
    db.session.remove()
    capfd.readouterr()
    installation.run("retention", "run")
    assert lines_of(capfd) == ["nothing was due"]


@pytest.mark.parametrize("options", [["--all"], []])
def test_held_work_is_listed_and_released_by_hand(installation, capfd, options):
    for number in range(2):
        address = f"applicant{number}@example.org"
        queue_mail(to_address=address, language="en", template="news", data={"path": "/"}, now=clock.now())
    db.session.execute(update(OutboxItem).values(state=OutboxState.HELD))
    db.session.commit()
    ids = [str(item_id) for item_id in db.session.scalars(select(OutboxItem.id).order_by(OutboxItem.id))]
    db.session.remove()
    installation.run("outbox", "list")
    listed = lines_of(capfd)
    assert sorted(line.split()[0] for line in listed) == sorted(ids)
    assert not any("@" in line for line in listed)
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert installation.smtp.messages == []
    wanted = options or ids[:1]
    installation.run("outbox", "release", *wanted)
    installation.run("reconcile")
    installation.run("worker", "--burst")
    assert len(installation.smtp.messages) == (2 if options else 1)
    held = select(func.count()).select_from(OutboxItem).where(OutboxItem.state == OutboxState.HELD)
    assert db.session.scalar(held) == (0 if options else 1)
    db.session.remove()
    assert installation.start("outbox", "release").wait(60) == 2, "neither ids nor --all"
