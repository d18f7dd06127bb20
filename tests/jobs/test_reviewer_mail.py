"""Reminders of reviewers, as an operator's timer runs them: one mail for each person, in their language, neutral."""

from datetime import timedelta

from sqlalchemy import select

from fundapp.core import clock
from fundapp.core.db import db
from fundapp.review.models import AssignmentStatus, ReviewerNews

from ..factories import make_application, make_assignment, make_call, make_person, make_reviewer


def test_the_daily_round_reminds_each_person_once_and_names_nothing(installation, capfd):
    slow = make_person("Slow Canary", email="slow@example.org", language="fr")
    for number in range(2):
        call = make_call(titles={"en": f"Call-Canary {number}"})
        entry = make_application(call, title="Title-Canary").entries[0]
        make_assignment(entry, make_reviewer(call, person=slow), AssignmentStatus.READING)
        quick = make_reviewer(call, person=make_person("Quick Sample", email=f"quick{number}@example.org"))
        make_assignment(entry, quick, AssignmentStatus.REVIEWED)
    db.session.commit()
    db.session.remove()
    for _ in range(2):
        installation.run("reviews", "remind")
    installation.run("worker", "--burst")
    assert [line for line in capfd.readouterr().out.splitlines() if "told" in line] == ["1 told", "0 told"]
    (message,) = installation.smtp.messages
    assert str(message["X-RcptTo"]) == "slow@example.org"
    content = f"{message['Subject']} {message.get_content()}"
    assert "http://localhost/reviews" in content
    assert "Canary" not in content
    news = db.session.scalars(select(ReviewerNews)).one()
    news.told_at = clock.now() - timedelta(days=15)
    db.session.commit()
    db.session.remove()
    installation.run("reviews", "remind")
    installation.run("worker", "--burst")
    assert len(installation.smtp.messages) == 2
