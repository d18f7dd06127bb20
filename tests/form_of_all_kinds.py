"""A form with every kind of question, for tests: groups in groups, rows, and questions that depend on others."""

from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole


def _choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name, {"en": name.title(), "fr": f"{name.title()} (fr)"}) for name in names)


FORM = FormDefinition(
    title="All kinds (sample)",
    form_id="kinds",
    version="1",
    languages=("en", "fr"),
    default_language="en",
    groups=(
        Group(path=("about",), label={"en": "About you", "fr": "Vous"}, hint={"en": "Who you are."}),
        Group(path=("about", "place"), label={"en": "Where you work"}),
        Group(path=("partners",), label={"en": "Partner"}, is_repeat=True),
        Group(path=("costs",), label={"en": "Costs"}),
        Group(path=("costs", "years"), label={"en": "Year"}, is_repeat=True, repeat_count="${how_long}"),
        Group(path=("last",), label={"en": "Voices"}),
    ),
    questions=(
        Question(
            name="organisation",
            kind=Kind.TEXT,
            label={"en": "Name of your group", "fr": "Nom de votre groupe"},
            group=("about",),
            required=True,
            max_characters=40,
            role=FormRole.ORGANISATION,
        ),
        Question(
            name="has_office",
            kind=Kind.SELECT_ONE,
            label={"en": "Does ${organisation} have an office?"},
            group=("about",),
            required=True,
            choices=_choices("yes", "no"),
        ),
        Question(
            name="office",
            kind=Kind.TEXT,
            label={"en": "Where is the office?"},
            group=("about",),
            required=True,
            relevant="${has_office} = 'yes'",
        ),
        Question(
            name="town",
            kind=Kind.GEOPOINT,
            label={"en": "Which town?"},
            group=("about", "place"),
            guidance={"en": "The nearest one is enough."},
        ),
        Question(name="why", kind=Kind.NOTE, label={"en": "Thank you, ${organisation}."}, group=("about", "place")),
        Question(
            name="needs",
            kind=Kind.RANK,
            label={"en": "What do you need most?"},
            choices=_choices("money", "training", "rest"),
        ),
        Question(
            name="means",
            kind=Kind.SELECT_MULTIPLE,
            label={"en": "How do you work?"},
            choices=_choices("talks", "other"),
        ),
        Question(
            name="means_other",
            kind=Kind.TEXT,
            label={"en": "In which other way?"},
            relevant="selected(${means}, 'other')",
            other_of="means",
        ),
        Question(name="opens", kind=Kind.TIME, label={"en": "When do you open?"}),
        Question(name="began", kind=Kind.DATETIME, label={"en": "When did it begin?"}),
        Question(name="partner", kind=Kind.TEXT, label={"en": "Its name"}, group=("partners",), required=True),
        Question(name="role", kind=Kind.TEXT, label={"en": "What does ${partner} do?"}, group=("partners",)),
        Question(name="how_long", kind=Kind.INTEGER, label={"en": "How many years?"}, group=("costs",)),
        Question(name="cost", kind=Kind.INTEGER, label={"en": "Cost of the year"}, group=("costs", "years")),
        Question(
            name="total",
            kind=Kind.INTEGER,
            label={"en": "All years together"},
            group=("costs",),
            calculation="sum(${cost})",
            readonly="true()",
        ),
        Question(
            name="story",
            kind=Kind.TEXT,
            label={"en": "Tell your story"},
            group=("last",),
            multiline=True,
            max_words=20,
            spoken=True,
        ),
        Question(name="clip", kind=Kind.AUDIO, label={"en": "A song"}, group=("last",)),
        Question(name="honest", kind=Kind.ACKNOWLEDGE, label={"en": "All this is true."}, group=("last",)),
    ),
)
