"""Having a file that reviewers cannot get looked into once more."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.queries.managing import sent_attachment
from fundapp.applications.services import preparing
from fundapp.applications.views import bp
from fundapp.core import clock
from fundapp.core.i18n import gettext as _
from fundapp.core.routes import requires


@bp.post("/manage/applications/<uuid:application_id>/files/<uuid:attachment_id>/again")
@requires(P.ELIGIBILITY_DECIDE)
def look_again(application_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Have a file scanned and copied for reviewers once more."""
    actor = current_actor()
    file = sent_attachment(actor=actor, application_id=application_id, attachment_id=attachment_id)
    preparing.look_again(actor=actor, attachments=[file], now=clock.now())
    flash(_("The file is being looked into once more."))
    return redirect(url_for("applications.managed_application", application_id=application_id))
