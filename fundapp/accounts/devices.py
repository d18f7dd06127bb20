"""What kind of device somebody uses, as coarse as it can be and still be recognised by its owner."""

import re
from typing import Final

_BROWSERS: Final = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
"""In this order: most browsers also name the ones that they resemble."""
_SYSTEMS: Final = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone|iPod"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("Mac", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|CrOS"),
)


def device_label(user_agent: str) -> str:
    """Return a label of a closed list, such as "Firefox/Android"; the browser's own words are never kept."""
    return f"{_first(_BROWSERS, user_agent)}/{_first(_SYSTEMS, user_agent)}"


def _first(choices: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in choices if re.search(pattern, user_agent)), "")
