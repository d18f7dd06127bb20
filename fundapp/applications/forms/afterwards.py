"""Forms about applications that were sent; what is too long is for the services to say."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import CheckboxesField, DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l


class AnswerForm(FlaskForm):
    """Answer a question of the staff."""

    answer = TextAreaField(
        _l("Your answer"),
        description=_l("It can be given once, and becomes part of your application."),
        validators=[DataRequired(_l("Write your answer.")), Storable()],
    )


class QuestionForm(FlaskForm):
    """Ask the people of an application something."""

    question = TextAreaField(
        _l("Your question"),
        description=_l("They get a mail that says that there is news, and read the question after signing in."),
        validators=[DataRequired(_l("Write the question.")), Storable()],
    )
    for_reviewers = BooleanField(
        _l("Reviewers read the question and the answer too"),
        description=_l("The applicant is told so. Of a protected application reviewers never read them."),
    )


class ReopenForm(FlaskForm):
    """Send an application back; the view fills in the questions of its form."""

    questions = CheckboxesField(
        _l("Which questions are open again?"),
        description=_l("All others stay as they were sent."),
        validators=[InputRequired(_l("Choose at least one question of the form."))],
    )
    message = TextAreaField(
        _l("What has to be done?"),
        description=_l("The applicant reads it. Be exact and kind."),
        validators=[DataRequired(_l("Say what has to be done.")), Storable()],
    )
    closes_on = DateField(
        _l("Last day"),
        description=_l("Until the end of this day in the time zone of the call. After it, all is as it was."),
        validators=[InputRequired(_l("Enter the last day."))],
    )


class PapersForm(FlaskForm):
    """Ask chosen applications for further papers; the view fills in which there are."""

    applications = CheckboxesField(
        _l("Which applications are asked?"), validators=[InputRequired(_l("Choose at least one application."))]
    )
    message = TextAreaField(
        _l("What do you write to them?"),
        description=_l("They read it above the questions, after signing in."),
        validators=[DataRequired(_l("Say what has to be done.")), Storable()],
    )
    closes_on = DateField(
        _l("Last day"),
        description=_l("Until the end of this day in the time zone of the call."),
        validators=[InputRequired(_l("Enter the last day."))],
    )


class PapersFileForm(FlaskForm):
    """Load the form for further papers."""

    form_file = FileField(
        _l("The form for further papers"),
        description=_l("An XLSForm workbook (.xlsx), like the form for applying."),
        validators=[FileRequired(_l("Choose a file."))],
    )
    for_reviewers = BooleanField(_l("Reviewers read the answers too"))
