"""Names in the scripts that letters are written in."""

NAMES = (
    "Mwanga Paralegal Collective",
    "مجموعة المنارة",
    "जन न्याय समूह",
    "ন্যায় সংঘ",
    "တရားမျှတမှု အသင်း",
    "የፍትሕ ማኅበር",
    "正义互助社",
    "Спілка «Право»",
)
"""One name in each of eight scripts; all invented."""
