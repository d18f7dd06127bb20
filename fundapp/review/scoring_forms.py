"""The form of a review: fields for each criterion, and what was typed into them as parts of a review."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional

from fundapp.applications.models import Criterion
from fundapp.core.fields import Storable
from fundapp.core.i18n import current_language, localised
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.numbers import number_text
from fundapp.review.models import Assignment
from fundapp.review.queries.reading import step_of
from fundapp.review.scoring_rules import (
    CANNOT_JUDGE_WORDS,
    COMMENT,
    COMMENT_HINT,
    CONFIDENCE,
    CONFIDENCE_WORDS,
    MAX_NOTE_CHARACTERS,
    Judged,
    Part,
    Parts,
    Unjudged,
    judged_from,
)


class ReviewForm(FlaskForm):
    """The parts of one review; `review_form` adds the fields of each criterion."""

    comment = TextAreaField(
        _l("Comment"),
        description=COMMENT_HINT,
        validators=[Storable()],
    )
    seen = HiddenField()


def field_name(criterion: Criterion) -> str:
    """Return the name of a criterion's field: by position, so that no text of a call gets into markup."""
    return f"criterion_{criterion.position}"


def review_form(
    assignment: Assignment, labels: Mapping[str, str], parts: Parts | None = None, *, formdata: Any = None
) -> ReviewForm:
    """Return the form of a review, with labels by code; it shows `parts` where nothing was sent."""
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for criterion in assignment.criteria:
        name, label, step = field_name(criterion), labels[criterion.code], step_of(criterion)
        if step.is_typed:
            fields[name] = StringField(label, validators=[Storable()])
            fields[f"{name}_cannot"] = BooleanField(CANNOT_JUDGE_WORDS)
        else:
            fields[name] = RadioField(
                label,
                choices=[
                    *(SelectChoice(str(value), number_text(value)) for value in step.values),
                    SelectChoice(Unjudged.CANNOT_JUDGE.value, CANNOT_JUDGE_WORDS),
                ],
                validators=[Optional()],
            )
        fields[f"{name}_reason"] = StringField(
            _("If you cannot judge “%(criterion)s”: why?", criterion=label),
            description=_l("A few words, such as “not my field”."),
            validators=[Storable(), Length(max=MAX_NOTE_CHARACTERS)],
        )
        fields[f"{name}_comment"] = TextAreaField(
            localised(criterion.comment_questions) or _("“%(criterion)s”: why this score?", criterion=label),
            validators=[Storable()],
        )
        values |= _values(name, (parts or {}).get(criterion.code), is_typed=step.is_typed)
    if assignment.stage.asks_confidence:
        fields["confidence"] = RadioField(
            _l("How sure are you of your answers?"),
            choices=[SelectChoice(value, words) for value, words in CONFIDENCE_WORDS.items()],
            validators=[Optional()],
        )
        values["confidence"] = (parts or {}).get(CONFIDENCE) or None
    values["comment"] = (parts or {}).get(COMMENT, "")
    form: ReviewForm = type("ReviewFormOfCall", (ReviewForm,), fields)(formdata=formdata, data=values)
    for name in fields:
        # To submit; saving a draft never asks for it. Which words are needed follows from the scores.
        form[name].flags.required = not name.endswith(("_reason", "_comment", "_cannot"))
        form[name].flags.unmarked = True
    return form


def parts_in(form: ReviewForm, criteria: Sequence[Criterion]) -> dict[str, Part]:
    """Return what stands in a form, by the names of parts."""
    parts: dict[str, Part] = {COMMENT: form.comment.data or ""}
    for criterion in criteria:
        name, step = field_name(criterion), step_of(criterion)
        parts[criterion.code] = judged_from(
            step,
            form[name].data or "",
            cannot_judge=step.is_typed and bool(form[f"{name}_cannot"].data),
            reason=form[f"{name}_reason"].data or "",
            comment=form[f"{name}_comment"].data or "",
            language=current_language(),
        )
    if "confidence" in form:
        parts[CONFIDENCE] = form["confidence"].data or ""
    return parts


def _values(name: str, part: Part | None, *, is_typed: bool) -> dict[str, Any]:
    if not isinstance(part, Judged):
        return {}
    is_unjudged = part.answer is Unjudged.CANNOT_JUDGE
    answer = part.typed or (None if part.answer is None else str(part.answer))
    values: dict[str, Any] = {name: answer, f"{name}_reason": part.reason, f"{name}_comment": part.comment}
    if is_typed:
        values |= {name: "" if is_unjudged else answer, f"{name}_cannot": is_unjudged}
    return values
