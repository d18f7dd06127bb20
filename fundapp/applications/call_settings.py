"""The parts of a call that managers write on pages: which values stand on which page, and how each is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fundapp.applications.keeping_periods import DEFAULT_DAYS
from fundapp.core.i18n import lazy_gettext as _l


class Control(Enum):
    """How a value is asked for; lines and texts are asked for in every language of the call."""

    LINES = auto()
    TEXTS = auto()
    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    MONEY = auto()
    TIME = auto()
    FLAG = auto()
    LIST = auto()
    NUMBERS = auto()
    """Whole numbers on one line."""
    LANGUAGES = auto()
    KIND = auto()
    CHOICE = auto()
    STAGE = auto()
    """One of the stages of the call."""
    CATEGORY = auto()
    """One of the categories of the call, or all."""


@dataclass(frozen=True)
class Asked:
    """One value: its path in the call's document, and its words on the page. A draft can wait for the `needed`."""

    path: str
    control: Control
    label: str
    hint: str = ""
    needed: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    """Values with their words, for a choice."""


@dataclass(frozen=True)
class Part:
    """One page of settings. `draft_only` values stand fast once the call is announced."""

    title: str
    hint: str
    asked: tuple[Asked, ...]
    draft_only: bool = False


def _days(fate: str, label: str) -> Asked:
    hint = _l("Left empty, %(days)s.", days=DEFAULT_DAYS[fate])
    return Asked(f"retention.{fate}", Control.WHOLE, label, hint, needed=False)


PARTS: Final[Mapping[str, Part]] = {
    "about": Part(
        _l("What the call is about"),
        _l("Its name, its purpose, its programme"),
        (
            Asked("call.title", Control.LINES, _l("Name of the call")),
            Asked(
                "call.purpose",
                Control.TEXTS,
                _l("Purpose"),
                _l("What the money is for, who may apply, what is never paid. An empty line begins a new paragraph."),
            ),
            Asked(
                "programme.title",
                Control.LINES,
                _l("Name of the fund or prize"),
                _l("All calls of this fund or prize show it."),
            ),
        ),
    ),
    "languages": Part(
        _l("Languages"),
        _l("In which people read the call and apply"),
        (
            Asked(
                "call.languages",
                Control.LANGUAGES,
                _l("Languages of the call"),
                _l("The first one ticked is the call's own."),
            ),
        ),
    ),
    "dates": Part(
        _l("Dates"),
        _l("From when to when it takes applications"),
        (
            Asked(
                "call.time_zone",
                Control.TEXT,
                _l("Time zone"),
                _l("By its name, such as Africa/Nairobi, America/Bogota or UTC. All times below are times there."),
            ),
            Asked("call.opens", Control.TIME, _l("First day")),
            Asked(
                "call.closes",
                Control.TIME,
                _l("Last day"),
                _l("Applications are taken until just before the time of day below. Every call has a deadline."),
            ),
        ),
        draft_only=True,
    ),
    "money": Part(
        _l("Money"),
        _l("The budget, and the most for one application"),
        (
            Asked("budget.currency", Control.TEXT, _l("Currency"), _l("Three letters, such as USD, EUR or KES.")),
            Asked("budget.total", Control.MONEY, _l("Money in all"), _l("Awards never come to more than this.")),
            Asked(
                "budget.ceiling",
                Control.MONEY,
                _l("At most for one application"),
                _l("Only where applicants ask for an amount; leave it empty for a prize."),
                needed=False,
            ),
        ),
    ),
    "categories": Part(
        _l("Categories"),
        _l("Parts of the call that are scored and decided apart"),
        (
            Asked(
                "call.max_categories",
                Control.WHOLE,
                _l("How many categories may one application enter?"),
                needed=False,
            ),
        ),
    ),
    "criteria": Part(
        _l("Criteria"),
        _l("What reviewers score, with words for the steps of each scale"),
        (Asked("call.reviews_per_application", Control.WHOLE, _l("How many peers read each application?")),),
    ),
    "stages": Part(
        _l("Stages of the review"),
        _l("One is enough. With several, entries go on from one to the next: a screening, a shortlist, finalists"),
        (),
    ),
    "phases": Part(
        _l("Phases of scoring and discussion"),
        _l("From when to when reviewers score, see what the others said, and discuss"),
        (),
    ),
    "entry": Part(
        _l("Who may apply"),
        _l("Everybody or by invitation, nominations, organisations that may not"),
        (
            Asked(
                "call.invitation_only",
                Control.FLAG,
                _l("Only those who are invited can apply"),
            ),
            Asked(
                "nominations.opens",
                Control.TIME,
                _l("First day of nominations"),
                _l("Leave both days empty if nobody is nominated. They say nothing about when applications are taken."),
                needed=False,
            ),
            Asked("nominations.closes", Control.TIME, _l("Last day of nominations"), needed=False),
            Asked(
                "barred.names",
                Control.LIST,
                _l("Organisations that may not apply"),
                _l("Such as your own partners. One name on each line."),
                needed=False,
            ),
            Asked(
                "barred.mail_domains",
                Control.LIST,
                _l("Their mail domains"),
                _l("What stands behind the @ of their addresses, such as partner.org. One on each line."),
                needed=False,
            ),
        ),
    ),
    "reviewers": Part(
        _l("Reviewers and who applies"),
        _l("What reviewers see of who applies, and whether their own organisation may apply"),
        (
            Asked(
                "reviewers.see",
                Control.CHOICE,
                _l("What do reviewers see of who applies?"),
                _l("They see it before they declare whether they have a conflict of interest, and while they read."),
                choices=(
                    ("reference", _l("Only the reference: they read without knowing who it is")),
                    ("name", _l("The name of the organisation, and the country")),
                    ("title", _l("The name, the country, the region and the title")),
                ),
            ),
            Asked(
                "reviewers.bar_own_organisation",
                Control.FLAG,
                _l("The organisation of somebody who reads for the call can't apply to it"),
                _l(
                    "Applicants and reviewers are told before they begin. Whoever sends in the name of an organisation "
                    "can find out that somebody of it reads, but not who."
                ),
            ),
            Asked(
                "reviewers.applicants",
                Control.FLAG,
                _l("People who apply may be reviewers too"),
                _l("They never see anything of their own application as reviewers. Otherwise nobody is both."),
            ),
            Asked(
                "reviewers.impartial",
                Control.FLAG,
                _l("Applicants review each other in two pools"),
                _l(
                    "After the deadline all applications are divided into two pools by a public draw. People read only "
                    "the pool in which they are not, and each pool has its own ranking and its own money. So nobody "
                    "can gain by marking others down. This can't change once the call is announced."
                ),
            ),
            Asked(
                "reviewers.undone_reviews",
                Control.CHOICE,
                _l("What if applicants do not finish their reviews?"),
                _l("This counts only where applicants review each other in two pools. They read it before they apply."),
                choices=(
                    ("nothing", _l("Nothing happens")),
                    ("last", _l("Their own application is put last in its pool")),
                    ("out", _l("Their own application can't get an award")),
                ),
            ),
        ),
    ),
    "letters": Part(
        _l("Letters"),
        _l("What award and decline letters say, and who signs"),
        (
            Asked("letters.decided_by", Control.LINES, _l("Who decides"), _l("As letters name it.")),
            Asked(
                "letters.purpose",
                Control.TEXTS,
                _l("What an award is for"),
                _l("Within a sentence: “flexible support for your work”."),
            ),
            Asked("letters.period_months", Control.WHOLE, _l("For how many months is an award?")),
            Asked("letters.next_step", Control.TEXTS, _l("What those who get an award do next")),
            Asked(
                "letters.instalments",
                Control.TEXTS,
                _l("How it is paid"),
                _l("Each part, and what it waits for. Left empty, letters say nothing of it."),
                needed=False,
            ),
            Asked(
                "letters.reporting",
                Control.TEXTS,
                _l("Which reports are asked"),
                _l("Write so where none is. Left empty, letters say nothing of it."),
                needed=False,
            ),
            Asked(
                "letters.paper",
                Control.CHOICE,
                _l("On which paper are letters printed?"),
                choices=(("a4", _l("A4")), ("letter", _l("US Letter"))),
            ),
            Asked("letters.signatory.name", Control.TEXT, _l("Name of whoever signs")),
            Asked("letters.signatory.title", Control.LINES, _l("Their title")),
            Asked(
                "letters.agreement",
                Control.TEXTS,
                _l("What those who accept an award agree to"),
                _l("They read it before they accept. Left empty, one plain sentence."),
                needed=False,
            ),
            Asked(
                "letters.answer_days",
                Control.WHOLE,
                _l("For how many days after the release can they answer?"),
                _l("After that it is shown as overdue, and a person decides. Left empty, there is no date."),
                needed=False,
            ),
            Asked(
                "letters.reminder_days",
                Control.NUMBERS,
                _l("How many days before that date are they reminded?"),
                _l("Such as 7, 2. Whoever has not answered gets one mail then. Left empty, nobody is reminded."),
                needed=False,
            ),
            Asked("letters.second_factor", Control.FLAG, _l("Whoever accepts an award needs a second factor")),
            Asked(
                "letters.signed_copy",
                Control.FLAG,
                _l("They may send a signed copy of the letter instead"),
                _l("One of you looks at each, and confirms it or sends it back."),
            ),
        ),
    ),
    "declined": Part(
        _l("Declined applicants"),
        _l("What they get to read of the reviews, and whether they may stay for the next call"),
        (
            Asked(
                "declined.get",
                Control.CHOICE,
                _l("What do declined applicants get to read of the reviews?"),
                _l(
                    "They read it with the letter, without the names of reviewers. The call says so before they apply. "
                    "Once it is announced, it can promise more, not less."
                ),
                choices=(
                    ("nothing", _l("Nothing")),
                    ("comments", _l("Comments, chosen and edited by those who run the call")),
                    ("comments_and_scores", _l("Comments, and the mean score for each criterion")),
                ),
            ),
            Asked(
                "declined.next_call",
                Control.FLAG,
                _l("Whoever is declined may let us consider the application again in the next call"),
                _l("They are asked with the letter, and can take it back whenever they like."),
            ),
        ),
    ),
    "safety": Part(
        _l("Safety and keeping"),
        _l("Protection of those who apply, and how long applications are kept"),
        (
            Asked(
                "protected",
                Control.FLAG,
                _l("Protect every application from its start"),
                _l(
                    "Two random words stand in place of the name. Who applies is opened only with a reason. Two people "
                    "have to end it for each application, if it must end."
                ),
            ),
            _days("draft", _l("Days for which drafts are kept after the deadline")),
            _days("ineligible", _l("Days for which applications that were not eligible are kept")),
            _days("declined", _l("Days for which declined applications are kept")),
            _days("next_call", _l("Days for which declined applications are kept that may stay for the next call")),
            _days("undecided", _l("Days for which applications without a decision are kept")),
            _days("awarded", _l("Days for which applications with an award are kept")),
        ),
    ),
}

NEW_CALL: Final = (
    Asked("programme.kind", Control.KIND, _l("If it is a new one, what does it give?"), needed=False),
    Asked("programme.title", Control.LINES, _l("And what is its name?"), needed=False),
    Asked("call.title", Control.LINES, _l("Name of the call"), _l("Such as the name of the fund with the year.")),
    Asked(
        "call.slug",
        Control.TEXT,
        _l("Short name for addresses"),
        _l("Small letters, figures and dashes, such as fund-2027. It can't be changed later."),
    ),
    Asked(
        "call.reference_prefix",
        Control.TEXT,
        _l("Beginning of references"),
        _l("Capital letters, figures and dashes: FUND-2027 gives FUND-2027-0042."),
    ),
    *PARTS["dates"].asked,
    *PARTS["money"].asked[:2],
)
"""What a new call is asked for before anything else, in its first language."""

CLONED_CALL: Final = (
    Asked("call.title", Control.LINES, _l("Name of the new call")),
    *(asked for asked in NEW_CALL if asked.path in ("call.slug", "call.reference_prefix", "call.opens", "call.closes")),
)
"""What must be different in a call that is made from another one."""
