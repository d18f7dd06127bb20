"""Forms as KoboToolbox, ODK and people with a spreadsheet program write them; all invented.

Each is a workbook with the habits of its maker: further columns and sheets, formats, hidden columns, cells that are
numbers, dates or true and false, blank rows, blanks at the end of a cell, older names of types and headings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class ForeignForm:
    """A form from elsewhere: its sheets, the CSV files beside it, and what is passed over when it is read."""

    sheets: Mapping[str, Rows]
    warnings: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    decorate: Callable[[Workbook], None] | None = None

    def workbook(self) -> bytes:
        book = Workbook()
        book.remove(book.active)
        for name, rows in self.sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(list(row))
        if self.decorate:
            self.decorate(book)
        out = BytesIO()
        book.save(out)
        return out.getvalue()


def _formatted(book: Workbook) -> None:
    """Do to a workbook what people do: colours, comments, drop-down lists, filters, hidden and narrow columns."""
    survey = book["survey"]
    for cell in survey[1]:
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F6F8B")
    for cell in survey["B"]:
        cell.alignment = Alignment(wrap_text=True)
    survey["A2"].comment = Comment("asked by the office", "somebody")
    survey.freeze_panes = "C2"
    survey.auto_filter.ref = survey.dimensions
    survey.column_dimensions["D"].hidden = True
    survey.row_dimensions[3].hidden = True
    offered = DataValidation(type="list", formula1='"text,integer,select_one yes_no"')
    survey.add_data_validation(offered)
    offered.add("A2:A200")


KOBO_PROFILE = ForeignForm(
    {
        "survey": [
            ["type", "name", "label::English (en)", "label::Français (fr)", "hint::English (en)", "hint::Français (fr)",
             "required", "relevant", "appearance", "constraint", "constraint_message::English (en)",
             "media::image::English (en)", "$kuid", "$autoname", "$xpath", "$qpath"],
            ["start", "start", None, None, None, None, None, None, None, None, None, None, "aa1", "start", "start"],
            ["end", "end", None, None, None, None, None, None, None, None, None, None, "aa2", "end", "end"],
            ["username", "username", None, None, None, None, None, None, None, None, None, None, "aa3"],
            ["audit", "audit", None, None, None, None, None, None, None, None, None, None, "aa4"],
            ["begin_group", "group_about", "About your group", "Votre groupe", None, None, "false", None, "field-list",
             None, None, None, "bb1", "group_about", "group_about", "group_about"],
            ["text", "What_is_your_group_called", "What is your group called?", "Comment s’appelle votre groupe ?",
             "In full ", None, "true", None, None, None, None, None, "bb2"],
            ["select_one yes_no", "Registered", "Is it registered?", "Est-il enregistré ?", None, None, "true", None,
             "horizontal-compact", None, None, "form.png", "bb3"],
            ["text", "number", "Its number", "Son numéro", None, None, "false", "${Registered} = 'yes'", None,
             "regex(., '^[A-Z]{2}[0-9]{4}$')", "Two letters, four digits.", None, "bb4"],
            ["end_group", None, None, None, None, None, None, None, None, None, None, None, "bb5"],
            ["select_multiple topics", "topics", "What do you work on?", "Sur quoi travaillez-vous ?", None, None,
             "true", None, "minimal", "count-selected(.) <= 2 and not(selected(., 'none') and count-selected(.) > 1)",
             None, None, "cc1"],
            ["note", "thanks", "Thank you, **${What_is_your_group_called}**.", "Merci.", None, None, "false", None,
             None, None, None, None, "cc2"],
        ],
        "choices": [
            ["list_name", "name", "label::English (en)", "label::Français (fr)", "$kuid", "$autovalue", "order"],
            ["yes_no", "yes", "Yes", "Oui", "dd1", "yes", None],
            ["yes_no", "no", "No", "Non", "dd2", "no", None],
            ["topics", "land", "Land", "Terre", "dd3", "land", 1],
            ["topics", "work", "Work", "Travail", "dd4", "work", 2],
            ["topics", "none", "None of these", "Aucun", "dd5", "none", 3],
        ],
        "settings": [
            ["id_string", "style", "form_title", "default_language", "version", "kobo--locking-profile", "description"],
            ["aXb7", "theme-grid no-text-transform", "Profile of a group", "English (en)", "1 (2021-03-01 10:00:00)",
             None, "For partners"],
        ],
    },
    (
        "survey row 2, column type: “start” is noted by devices and left out; nobody types it.",
        "survey row 3, column type: “end” is noted by devices and left out; nobody types it.",
        "survey row 4, column type: “username” is noted by devices and left out; nobody types it.",
        "survey row 5, column type: “audit” is noted by devices and left out; nobody types it.",
        "survey row 8, column media::image::English (en): This column is left out; it has no effect here.",
        "choices row 2, column $autovalue: This column is not known and left out.",
        "settings row 2, column style: This column is left out; it has no effect here.",
        "settings row 2, column description: This column is left out; it has no effect here.",
    ),
)  # fmt: skip

KOBO_HOUSEHOLDS = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "required", "relevant", "calculation", "repeat_count", "constraint", "appearance",
             "tags", "hxl"],
            ["integer", "members", "How many people live here?", "true", None, None, None, ". > 0 and . <= 20", None,
             None, "#people"],
            ["begin_repeat", "person", "A person", None, None, None, "${members}", None, "field-list"],
            ["text", "first_name", "First name", "true", None, None, None, None, None],
            ["integer", "age", "Age of ${first_name}", "true", None, None, None, ". >= 0 and . < 120", None],
            ["calculate", "is_child", None, None, None, "if(${age} < 18, 1, 0)", None, None, None],
            ["begin_group", "school", "School", None, "${is_child} = 1", None, None, None, None],
            ["select_one yes_no", "in_school", "Does ${first_name} go to school?", "true", None, None, None, None,
             None],
            ["end_group", None],
            ["end_repeat", None],
            ["calculate", "children", None, None, None, "sum(${is_child})", None, None, None],
            ["calculate", "count_people", None, None, None, "count(${person})", None, None, None],
            ["note", "summary", "${children} of ${count_people} are children.", None, "${children} > 0", None, None,
             None, None],
        ],
        "choices": [["list_name", "name", "label"], ["yes_no", "yes", "Yes"], ["yes_no", "no", "No"]],
        "settings": [["form_title"], ["Households"]],
    },
)  # fmt: skip

ODK_CASCADE = ForeignForm(
    {
        "survey": [
            ["type", "name", "label::English", "label::Swahili", "choice_filter", "appearance", "parameters"],
            ["select_one regions", "region", "Region", "Mkoa", None, "minimal", None],
            ["select_one districts", "district", "District", "Wilaya", "region = ${region}", "minimal autocomplete",
             "randomize=true, seed=4"],
            ["select_multiple districts", "others", "Other districts", "Wilaya nyingine",
             "region=${region} and name != ${district}", None, None],
            ["rank districts", "best", "Put them in order", "Panga", "true()", None, None],
        ],
        "choices": [
            ["list name", "name", "label::English", "label::Swahili", "region", "Remarks for the office"],
            ["regions", "coast", "Coast", "Pwani", None, None],
            ["regions", "lake", "Lake", "Ziwa", None, "to be checked"],
            [],
            ["districts", "kilifi", "Kilifi", "Kilifi", "coast", None],
            ["districts", "kwale", "Kwale", "Kwale", "coast", None],
            ["districts", "kisumu", "Kisumu", "Kisumu", "lake", None],
        ],
    },
    (
        "choices row 3, column Remarks for the office: This column is not known and left out.",
        "survey row 3, column parameters: Choices stand in the order of the form for everybody; they are not shuffled.",
    ),
)  # fmt: skip

ODK_EXTERNAL = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "choice_filter"],
            ["select_one states", "state", "State", None],
            ["select_one_external towns", "town", "Town", "state=${state}"],
        ],
        "choices": [["list_name", "name", "label"], ["states", "north", "North"], ["states", "south", "South"]],
        "external_choices": [
            ["list_name", "name", "label", "state"],
            ["towns", "a", "Atown", "north"],
            ["towns", "b", "Btown", "north"],
            ["towns", "c", "Ctown", "south"],
        ],
    },
)

ODK_FILES = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "parameters", "choice_filter"],
            ["select_one_from_file provinces.csv", "province", "Province", None, None],
            ["select_multiple_from_file villages.csv", "villages", "Villages", "value=code label=title",
             "province=${province}"],
        ]
    },
    files={
        "provinces.csv": "name,label\nn,North\ns,South\n",
        "villages.csv": "code;title;province\n1;One;n\n2;Two;n\n3;Three;s\n",
    },
)  # fmt: skip

ODK_VISIT = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "hint", "guidance_hint", "default", "readonly", "constraint",
             "constraint_message", "required", "required_message", "calculation"],
            ["today", "today", None, None, None, None, None, None, None, None, None, None],
            ["deviceid", "deviceid", None, None, None, None, None, None, None, None, None, None],
            ["date", "born", "Date of birth", None, None, None, None, ". <= today()", "Not in the future.", "yes",
             "Please give the date.", None],
            ["calculate", "age", None, None, None, None, None, None, None, None, None,
             "int((${today} - ${born}) div 365.25)"],
            ["date", "visit", "Day of the visit", None, None, "today()", None, None, None, None, None, None],
            ["time", "at", "Time", None, None, "09:30:00", None, None, None, None, None, None],
            ["dateTime", "next", "Next visit", None, None, None, None, ". > ${visit}", None, None, None, None],
            ["text", "code", "Code", "As on the card", "Ask the office when the card is lost.", None, None,
             "regex(., ‘[A-Z]+’)", "Capital letters.", "${age} >= 18", None, None],
            ["decimal", "fee", "Fee", None, None, "2.50", "yes", None, None, None, None, None],
            ["text", "key", "Key", None, None, "once(uuid())", "true()", None, None, None, None, None],
        ],
        "settings": [["form_title", "form_id", "version", "instance_name"], ["Visit", "visit", 20210301, "${code}"]],
    },
    (
        "survey row 3, column type: “deviceid” is noted by devices and left out; nobody types it.",
        "settings row 2, column instance_name: This column is left out; it has no effect here.",
    ),
)  # fmt: skip

OLD_FORMHUB = ForeignForm(
    {
        "survey": [
            ["type", "name", "caption", "hint", "relevance", "read only", "constraining message", "constraint",
             "bind:required", "sms_field"],
            ["Begin Group", "who", "Who you are", None, None, None, None, None, None, None],
            ["string", "full_name", "Name", None, None, None, None, None, None, "n"],
            ["int", "years", "Age in years", None, None, None, "Adults only", ". >= 18", None, "a"],
            ["select one from sexes", "sex", "Sex", None, None, None, None, None, None, None],
            ["End Group", None, None, None, None, None, None, None, None, None],
            ["select all that apply from fruits", "fruits", "Fruits", None, "${years} > 20", None, None, None, None,
             None],
            ["select1 sexes or_other", "chief", "Sex of the chief", None, None, None, None, None, None, None],
            ["photo", "picture", "A picture", None, None, None, None, None, None, None],
            ["gps", "place", "Where is it?", None, None, None, None, None, None, None],
            ["trigger", "seen", "I have seen it", None, None, None, None, None, None, None],
        ],
        "choices": [
            ["list name", "value", "caption"],
            ["sexes", "f", "Female"], ["sexes", "m", "Male"],
            ["fruits", "apple", "Apple"], ["fruits", "pear", "Pear"],
        ],
        "settings": [["set form title", "set form id", "sms_keyword"], ["Old", "old", "o"]],
    },
    (
        "survey row 3, column sms_field: This column is left out; it has no effect here.",
        "settings row 2, column sms_keyword: This column is left out; it has no effect here.",
    ),
)  # fmt: skip

_WALL_CLOCK = datetime(2020, 5, 1, 9, 30)  # noqa: DTZ001 - spreadsheets know no time zones

EXCEL_HABITS = ForeignForm(
    {
        "Read me": [["Please fill in the sheet survey", None, 42]],
        "survey": [
            ["type ", " name", "label", "required", "default", "relevant", "Comments", None],
            ["text", "group ", " Your group  ", True, None, None, "ask Amina", None],
            [None, None, None, None, None, None, "--- second part ---", None],
            ["integer", "staff", "Paid staff", False, 3.0, None, None, "is this right?"],
            ["date", "since", "Since", None, date(2015, 1, 1), None, None, None],
            ["dateTime", "met", "When did you meet?", None, _WALL_CLOCK, None, None, None],
            [],
            ["select_one scale", "how_much", "How much?", True, 2.0, "${staff} > 0", None, None],
            ["note", None, "That is all.", None, None, None, None, None],
            *[[None]] * 5,
        ],
        "choices": [
            ["list_name", "name", "label"],
            ["scale", 1.0, "A little"],
            ["scale", 2.0, 2],
            ["scale", 3.0, None],
            [None, None, None],
        ],
        "settings": [["form_title", "version"], ["Habits", 3.0]],
    },
    (
        "survey row 4, column H: This cell stands under no heading and is left out.",
        "choices row 4, column label: The label is missing; the name is shown instead.",
        "survey row 2, column Comments: This column is not known and left out.",
    ),
    decorate=_formatted,
)

ARABIC_FIRST = ForeignForm(
    {
        "survey": [
            ["type", "name", "label::العربية (ar)", "label::English (en)", "hint::العربية (ar)", "required",
             "required_message::العربية (ar)", "appearance"],
            ["text", "group", "ما اسم مجموعتكم؟", "Your group", "كما في الرسائل", "yes", "نحتاج إلى الاسم.", None],
            ["text", "story", "قصتكم", "Your story", None, None, None, "multiline w2"],
            ["select_one yesno", "again", "هل تقدّمتم من قبل؟", "Applied before?", None, "yes", None, "w1 likert"],
        ],
        "choices": [
            ["list_name", "name", "label::العربية (ar)", "label::English (en)", "media::audio::العربية (ar)"],
            ["yesno", "yes", "نعم", "Yes", "yes.mp3"],
            ["yesno", "no", "لا", "No", None],
        ],
        "settings": [["form_title", "default_language"], ["استمارة", "العربية (ar)"]],
    },
    (
        "choices row 2, column media::audio::العربية (ar): This column is left out; it has no effect here.",
        "survey row 3, column appearance: The appearance “w2” has no effect here.",
        "survey row 4, column appearance: The appearance “w1” has no effect here.",
    ),
)  # fmt: skip

TABLE_OF_CHOICES = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "hint", "appearance", "required"],
            ["begin_group", "views", "How much do you agree?", None, "table-list", None],
            ["select_one agree", "fair", "The fund is fair", None, None, "yes"],
            ["select_one agree", "quick", "The fund is quick", None, None, "yes"],
            ["end_group", None, None, None, None, None],
            ["select_one agree", "whole", None, "On the whole?", "likert no-buttons", None],
        ],
        "choices": [["list_name", "name", "label"], ["agree", -1, "No"], ["agree", 0, "So-so"], ["agree", 1, "Yes"]],
    },
    (
        "survey row 2, column appearance: The appearance “table-list” has no effect here.",
        "survey row 6, column appearance: The appearance “no-buttons” has no effect here.",
        "survey row 6, column label: The label is missing; the hint is shown in its place.",
    ),
)

MEDIA_AND_FILES = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "image", "audio", "video", "big-image", "autoplay", "parameters", "appearance",
             "disabled"],
            ["image", "photo", "A photo of the office", "office.png", "office.mp3", None, "office_big.png", "audio",
             "max-pixels=1024", "new-front", None],
            ["audio", "told", "Tell us your story", None, None, None, None, None, "quality=low", None, None],
            ["video", "shown", "Show us your work", None, None, "example.mp4", None, None, None, None, None],
            ["file", "budget", "Your budget", None, None, None, None, None, None, None, None],
            ["image", "signed", "Your signature", None, None, None, None, None, "max-pixels=800", "signature", None],
            ["text", "old", "No longer asked", None, None, None, None, None, None, None, "yes"],
            ["text", "long", "Anything else", None, None, None, None, None, "rows=6", None, None],
        ],
    },
    (
        "survey row 2, column image: This column is left out; it has no effect here.",
        "survey row 2, column audio: This column is left out; it has no effect here.",
        "survey row 4, column video: This column is left out; it has no effect here.",
        "survey row 2, column big-image: This column is left out; it has no effect here.",
        "survey row 2, column autoplay: This column is left out; it has no effect here.",
        "survey row 7, column disabled: This row is switched off and left out.",
        "survey row 2, column parameters: The parameter “max-pixels” has no effect here.",
        "survey row 2, column appearance: The appearance “new-front” has no effect here.",
        "survey row 3, column parameters: The parameter “quality” has no effect here.",
        "survey row 6, column parameters: The parameter “max-pixels” has no effect here.",
        "survey row 6, column appearance: The appearance “signature” has no effect here.",
    ),
)  # fmt: skip

RANGES_AND_HIDDEN = ForeignForm(
    {
        "survey": [
            ["type", "name", "label::English (en)", "label::Español (es)", "parameters", "default", "constraint",
             "relevant", "appearance", "required"],
            ["hidden", "round", None, None, None, "2021", None, None, None, None],
            ["range", "trust", "How much do you trust it?", "¿Cuánto confía?", "start=0 end=10 step=2", None, None,
             None, "vertical", "yes"],
            ["range", "hours", "Hours a day", "Horas al día", "start=0;end=1.5;step=0.25", None, ". != 0.75", None,
             None, None],
            ["select_multiple needs or_other", "needs", "What do you need?", "¿Qué necesitan?", None, None, None, None,
             None, None],
            ["begin group", "consent", "Consent", "Consentimiento", None, None, None, "${trust} > 2", None, None],
            ["acknowledge", "consent", "I agree", "De acuerdo", None, None, None, None, None, "yes"],
            ["end group", "consent", None, None, None, None, None, None, None, None],
            ["calculate", "stamp", None, None, None, "now()", None, None, None, None],
        ],
        "choices": [
            ["list_name", "name", "label::English (en)", "label::Español (es)"],
            ["needs", "money", "Money", "Dinero"], ["needs", "advice", "Advice", "Asesoría"],
        ],
    },
    ("survey row 3, column appearance: The appearance “vertical” has no effect here.",),
)  # fmt: skip

NESTED_REPEATS = ForeignForm(
    {
        "survey": [
            ["type", "name", "label", "repeat_count", "relevant", "constraint", "calculation", "jr:noAppErrorString"],
            ["begin repeat", "project", "Project", None, None, None, None, None],
            ["text", "project_name", "Its name", None, None, None, None, None],
            ["integer", "partners_number", "How many partners?", None, None, ". <= 5", None, None],
            ["begin repeat", "partner", "Partner of ${project_name}", "${partners_number}", "${partners_number} > 0",
             None, None, None],
            ["calculate", "place", None, None, None, None, "position(..)", None],
            ["text", "partner_name", "Partner ${place}", None, None, None, None, None],
            ["decimal", "share", "Its share", None, None, ". <= 100 - sum(${share}) + .", None, None],
            ["end repeat", None, None, None, None, None, None, None],
            ["end repeat", None, None, None, None, None, None, None],
            ["begin repeat", "witness", "Witness", 2, None, None, None, None],
            ["text", "witness_name", "Name", None, None, None, None, None],
            ["end repeat", None, None, None, None, None, None, None],
            ["text", "first", "First project", None, None, None, "indexed-repeat(${project_name}, ${project}, 1)",
             None],
        ],
    },
)  # fmt: skip

FOREIGN_FORMS: Mapping[str, ForeignForm] = {
    name.lower(): form for name, form in dict(globals()).items() if isinstance(form, ForeignForm)
}
