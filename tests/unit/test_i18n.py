"""The direction of a text is that of its first letter with a direction; digits and signs have none."""

import pytest

from fundapp.core.i18n import text_direction


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Companies cannot receive this money.", "ltr"),
        ("لا يمكن للشركات", "rtl"),
        ("2020 – «نموذج»", "rtl"),
        ("12. Acme نموذج", "ltr"),
        ("שלום Acme", "rtl"),
        ("1,000", "ltr"),
        ("", "ltr"),
    ],
)
def test_first_letter_decides_the_direction(text, direction):
    assert text_direction(text) == direction
