"""A call for applications that is open now, as a call package: the folder that `fundapp calls load` takes."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, update

from fundapp.applications.models import Call

from .service import Service

BUDGET = 30_000
SUMMARY_WORDS = 12

_CALL = """
sample = true

[programme]
slug = "riverside-{slug}"
kind = "grant"
title.en = "Riverside Justice Fund (sample)"
title.ar = "صندوق ضفة النهر للعدالة (نموذج)"

[call]
slug = "{slug}"
reference_prefix = "{prefix}"
title.en = "Riverside round {prefix} (sample)"
title.ar = "جولة ضفة النهر {prefix} (نموذج)"
purpose.en = "Small, flexible grants for groups that bring justice close to home."
purpose.ar = "منح صغيرة ومرنة لمجموعات تقرّب العدالة من الناس."
languages = ["en", "ar"]
time_zone = "Africa/Nairobi"
opens = {opens}T09:00:00
closes = {closes}T23:59:00
reviews_per_application = 2

[budget]
currency = "USD"
total = {budget}
ceiling = 20000

[letters]
decided_by.en = "Selection panel of the Riverside Justice Fund (sample)"
decided_by.ar = "لجنة الاختيار في صندوق ضفة النهر للعدالة (نموذج)"
purpose.en = "Flexible support for your work, as described in your application"
purpose.ar = "دعم مرن لعملكم كما ورد في طلبكم"
period_months = 12
next_step.en = "We ask you through this site how you can receive the money."
next_step.ar = "سنسألكم عبر هذا الموقع كيف يمكنكم استلام المال."

[letters.signatory]
name = "Noor Sample"
title.en = "Coordinator"
title.ar = "المنسّقة"

[[criteria]]
code = "community"
weight = 2
minimum = 1
maximum = 5
label.en = "Led by the community"
label.ar = "بقيادة المجتمع"
question.en = "How far do the people concerned decide?"
question.ar = "إلى أي مدى يقرّر أصحاب الشأن؟"
anchors.1.en = "Others decide."
anchors.1.ar = "يقرّر آخرون."
anchors.3.en = "People are asked."
anchors.3.ar = "يُستشار الناس."
anchors.5.en = "The people concerned decide."
anchors.5.ar = "يقرّر أصحاب الشأن."

[[criteria]]
code = "plan"
weight = 1
minimum = 1
maximum = 5
label.en = "A plan that can work"
label.ar = "خطة قابلة للتنفيذ"
question.en = "Can this be done with this money?"
question.ar = "هل يمكن تنفيذ ذلك بهذا المال؟"
anchors.1.en = "It is not clear what would happen."
anchors.1.ar = "ليس واضحًا ما سيحدث."
anchors.5.en = "The steps are clear and fit the money."
anchors.5.ar = "الخطوات واضحة وتناسب المال."
"""

_FORM = """# The form of a sample call.

| survey |
| | type | name | label::English (en) | label::العربية (ar) | hint::English (en) | hint::العربية (ar) | required | appearance | constraint | constraint_message::English (en) | constraint_message::العربية (ar) | fundapp::words | fundapp::characters | fundapp::role |
| | begin group | about | About your group | عن مجموعتكم |  |  |  |  |  |  |  |  |  |  |
| | text | organisation | What is your group called? | ما اسم مجموعتكم؟ | Its full name. | الاسم الكامل. | yes |  |  |  |  |  | 200 | organisation |
| | text | email | What e-mail address can we write to? | ما البريد الإلكتروني الذي يمكننا الكتابة إليه؟ |  |  | yes |  |  |  |  |  |  | email |
| | select_one countries | country | In which country do you work? | في أي بلد تعملون؟ |  |  | yes |  |  |  |  |  |  | country |
| | date | founded | When did your group begin? | متى بدأت مجموعتكم؟ |  |  |  |  | . <= today() | This day is still to come. | هذا اليوم لم يأتِ بعد. |  |  |  |
| | integer | people | How many people work in the group? | كم شخصًا يعمل في المجموعة؟ |  |  | yes |  | . >= 1 | At least one. | شخص واحد على الأقل. |  |  |  |
| | end group |  |  |  |  |  |  |  |  |  |  |  |  |  |
| | begin group | work | What you do | ما تفعلونه |  |  |  |  |  |  |  |  |  |  |
| | text | title | Give your application a title. | أعطوا طلبكم عنوانًا. |  |  | yes |  |  |  |  |  | 120 | title |
| | text | summary | Say in short what you do. | اذكروا باختصار ما تفعلونه. |  |  | yes | multiline |  |  |  | {words} |  | summary |
| | select_multiple themes | themes | What is the work about? | ما موضوع العمل؟ |  |  | yes |  |  |  |  |  |  | theme |
| | end group |  |  |  |  |  |  |  |  |  |  |  |  |  |
| | begin group | money | Money | المال |  |  |  |  |  |  |  |  |  |  |
| | decimal | amount | How much do you ask for? | كم تطلبون؟ |  |  | yes |  |  |  |  |  |  | amount |
| | file | budget | A budget, if you have one | ميزانية، إن وُجدت |  |  |  |  |  |  |  |  |  |  |
| | acknowledge | true_words | What we wrote is true. | ما كتبناه صحيح. |  |  | yes |  |  |  |  |  |  |  |
| | end group |  |  |  |  |  |  |  |  |  |  |  |  |  |

| choices |
| | list_name | name | label::English (en) | label::العربية (ar) |
| | countries | KE | Kenya | كينيا |
| | countries | JO | Jordan | الأردن |
| | countries | PE | Peru | بيرو |
| | themes | land | Land and housing | الأرض والسكن |
| | themes | work | Work and wages | العمل والأجور |
"""


def load_open_call(service: Service, folder: Path, slug: str) -> None:
    """Write a call package that opened yesterday and closes in ten days, and load it."""
    today = datetime.now(UTC).date()
    folder.mkdir()
    (folder / "call.toml").write_text(_call(slug, opens=today - timedelta(days=1), closes=today + timedelta(days=10)))
    (folder / "form.md").write_text(_FORM.format(words=SUMMARY_WORDS))
    service.command("calls", "load", str(folder))


def let_the_deadline_pass(service: Service, slug: str) -> None:
    """Put a call's deadline where time would put it: behind us. The one thing here that nobody does on a page."""
    engine = create_engine(service.database_url)
    with engine.begin() as connection:
        moved = connection.execute(update(Call).where(Call.slug == slug).values(closes_at=datetime.now(UTC)))
        assert moved.rowcount == 1
    engine.dispose()


def _call(slug: str, *, opens: date, closes: date) -> str:
    return _CALL.format(slug=slug, prefix=slug.upper(), opens=opens, closes=closes, budget=BUDGET)
