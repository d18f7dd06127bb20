"""Pages of what is published of awards: chosen by their own people, read by everybody, and taken as open data."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.core import clock
from fundapp.core.errors import NotFound
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.routes import limited, public, requires
from fundapp.disbursement.exports.giving import giving_csv, giving_json, giving_xlsx
from fundapp.disbursement.exports.handing_out import XLSX
from fundapp.disbursement.exports.iati import activities_xml
from fundapp.disbursement.models import Award
from fundapp.disbursement.presentation.publication import publication_asked, recipients_shown
from fundapp.disbursement.publication_rules import DAYS_BEFORE, Publication
from fundapp.disbursement.queries import publication as queries
from fundapp.disbursement.queries.letters import my_letter
from fundapp.disbursement.queries.publication import Published
from fundapp.disbursement.services import publication as services
from fundapp.disbursement.views import bp
from fundapp.settings import Publisher

CHOICES = services.CHOICES


class PublicationForm(FlaskForm):
    """Choose what the public reads of an award."""

    choice = RadioField(
        _l("What may the public read of this award?"),
        choices=[SelectChoice(each.value, name) for each, (name, _meaning) in CHOICES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )


@bp.get("/letters/<uuid:letter_id>/publication")
@requires(P.APPLICATION_WRITE)
def publication(letter_id: UUID) -> ResponseReturnValue:
    """Ask the people of an award what the public may read of it."""
    award = _own_award(letter_id)
    form = PublicationForm(formdata=None, data={"choice": queries.chosen_for(award).value})
    return _choice_page(letter_id, award, form)


@bp.post("/letters/<uuid:letter_id>/publication")
@requires(P.APPLICATION_WRITE)
def choose_publication(letter_id: UUID) -> ResponseReturnValue:
    """Keep what the public may read of an award."""
    award, form = _own_award(letter_id), PublicationForm()
    if not form.validate():
        return _choice_page(letter_id, award, form), 422
    services.choose_publication(
        actor=current_actor(), award=award, choice=Publication(form.choice.data), now=clock.now()
    )
    flash(_("Your choice is kept. You can change it here at any time."))
    return redirect(url_for("disbursement.publication", letter_id=letter_id))


@bp.get("/open/awards")
@public
def recipients() -> ResponseReturnValue:
    """Show who received awards, as far as they let it be read."""
    return render_template(
        "disbursement/recipients.html",
        calls=recipients_shown(queries.published(clock.now())),
        has_files=bool(_in_files()) and _publisher() is not None,
    )


@bp.get("/open/policy")
@public
def publication_policy() -> ResponseReturnValue:
    """Say what is published of awards, what is not, and who decides about it."""
    return render_template(
        "disbursement/publication_policy.html", choices=CHOICES.values(), days=DAYS_BEFORE, publisher=_publisher()
    )


@bp.get("/open/awards.json")
@public
@limited("open_data")
def awards_json() -> ResponseReturnValue:
    """Give the published awards as JSON by 360Giving. There is no such file without an award: the standard has none."""
    awards, publisher = _to_publish()
    policy = current_app.extensions["settings"].base_url + url_for("disbursement.publication_policy")
    data = giving_json(awards, publisher, url=policy, issued=clock.now().date())
    return Response(data, content_type="application/json")


@bp.get("/open/awards.csv")
@public
@limited("open_data")
def awards_csv() -> ResponseReturnValue:
    """Give the published awards as a table by 360Giving."""
    awards, publisher = _to_publish()
    return Response(giving_csv(awards, publisher), content_type="text/csv; charset=utf-8")


@bp.get("/open/awards.xlsx")
@public
@limited("open_data")
def awards_xlsx() -> ResponseReturnValue:
    """Give the published awards as a workbook by 360Giving."""
    awards, publisher = _to_publish()
    return Response(giving_xlsx(awards, publisher), content_type=XLSX)


@bp.get("/open/activities.xml")
@public
@limited("open_data")
def activities() -> ResponseReturnValue:
    """Give the published awards as activities by IATI."""
    awards, publisher = _to_publish()
    return Response(activities_xml(awards, publisher, made_at=clock.now()), content_type="application/xml")


def _own_award(letter_id: UUID) -> Award:
    award = queries.award_of(my_letter(actor=current_actor(), letter_id=letter_id))
    if award is None:
        raise NotFound
    return award


def _choice_page(letter_id: UUID, award: Award, form: PublicationForm) -> str:
    return render_template(
        "disbursement/publication.html",
        letter_id=letter_id,
        reference=award.reference,
        asked=publication_asked(award),
        form=form,
        hints={each.value: meaning for each, (_name, meaning) in CHOICES.items()},
        days=DAYS_BEFORE,
    )


def _in_files() -> Sequence[Published]:
    """Return the awards that stand in open files: those of which everything may be read, and no samples."""
    return [
        each
        for each in queries.published(clock.now())
        if each.choice.choice is Publication.FULL and not each.call.is_sample
    ]


def _to_publish() -> tuple[Sequence[Published], Publisher]:
    awards, publisher = _in_files(), _publisher()
    if not awards or publisher is None:
        raise NotFound
    return awards, publisher


def _publisher() -> Publisher | None:
    publisher: Publisher | None = current_app.extensions["settings"].publisher
    return publisher
