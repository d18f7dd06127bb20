"""Pages of drafts as browsers without scripts hold them, and what their scripts send."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.applications.models import Application
from fundapp.core.db import db

from .factories import make_call, make_person
from .form_of_all_kinds import FORM

Client = Callable[[Person | None], FlaskClient]


class Window:
    """A page of somebody's draft, as a browser without scripts holds it."""

    def __init__(self, client: FlaskClient, address: str, page: int | str) -> None:
        self.client, self.address = client, address
        self.path = f"{address}/form" if page == "whole" else f"{address}/sections/{page}"
        self.text = client.get(self.path).text

    @property
    def seen(self) -> str:
        found = re.search(r'name="seen" value="([^"]*)"', self.text)
        assert found
        return found.group(1)

    def send(self, **fields: Any) -> Any:
        """Send the form with some fields; the page becomes what is shown then."""
        answer = self.client.post(self.path, data={"seen": self.seen, **fields})
        self.text = self.client.get(answer.location).text if answer.status_code == 302 else answer.text
        return answer

    def send_change(self, *, page: int = 0, seen: str | None = None, **fields: Any) -> Any:
        """Send what changed, as the script does; return the answer."""
        data = {"page": str(page), "seen": self.seen if seen is None else seen, "shape": "", **fields}
        return self.client.post(f"{self.address}/answers", data=data)


def begin(signed_in: Client, form: Any = FORM) -> tuple[FlaskClient, str]:
    call, person = make_call(form=form), make_person()
    client = signed_in(person)
    return client, client.post(f"/calls/{call.slug}/start").location


def stored() -> dict[str, Any]:
    db.session.expire_all()
    return dict(db.session.scalars(select(Application)).one().answers)
