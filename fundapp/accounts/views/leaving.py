"""The way out in a hurry: a page that says nothing about where somebody was."""

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from fundapp.accounts import sessions
from fundapp.accounts.views import bp
from fundapp.core.routes import public


@bp.get("/leave")
@public
def leave() -> ResponseReturnValue:
    """Show an empty page. With ?end=1, asked for from our own pages, the browser also forgets that it was signed in.

    The session's row stays, for a GET writes nothing; nobody holds its token any more, and scripts have ended it.
    """
    response = make_response(render_template("accounts/leave.html"))
    response.headers["Cache-Control"] = "no-store"
    # Older phones do not say where a request comes from; for them, leaving matters more than a prank of other sites.
    if "end" in request.args and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin":
        sessions.forget()
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
