"""What is counted live is what the server counts: words and characters, in many scripts."""

from typing import Any

from playwright.sync_api import Page

from fundapp.core.text import clean_text, count_characters, count_words

from .service import Service

CORPUS = [
    "",
    " — … ! ",
    "peer-led justice, l'État, c'est nous; 12,5 % of 100",
    "Ọ̀ṣun àti Ògún · Ủy ban nhân dân · İstanbul ılık",
    "العدالة للجميع: ٣ قُرى، وَ٢ مُدُن",
    "نمی\u200cخواهم برویم",
    "צדק לכול, שָׁלוֹם",
    "न्याय सबके लिए क्षत्रिय कर्म",
    "ন্যায়বিচার সবার জন্য",
    "தமிழ் நீதி க்ஷ",
    "ဥပဒေအထောက်အကူပြုကွန်ရက်",
    "ความยุติธรรมสำหรับทุกคน",
    "យុត្តិធម៌សម្រាប់ទាំងអស់គ្នា",
    "ፍትህ ለሁሉም፡ ሁሉም ሰው",
    "სამართლიანობა ყველასთვის · արդարություն",
    "正义属于所有人，第3条",
    "正義 justice 正 すべての人に カタカナ",
    "정의는 모두를 위한 것",
    "👩\u200d👩\u200d👧\u200d👦 🇰🇪🇺🇬🇹 👍🏽 1️⃣ 🏳️\u200d🌈",
    "e\u0301 u\u0308 n\u0303o",
    "one\ntwo\n\nthree\u2028four\u00a0five\u3000six\u200aseven",
    "\u202aunseen marks\u202c \ufeffat the \u2066ends\u2069 ",
    "tabs\tand  blanks",
]


def test_live_counts_agree_with_the_server_in_every_script(service: Service, page: Page) -> None:
    page.goto(service.address)
    counted: list[Any] = page.evaluate(
        """async (texts) => {
            const { countWords, countCharacters, kept } = await import("/static/counting.js");
            return texts.map((text) => [kept(text), countWords(kept(text)), countCharacters(kept(text))]);
        }""",
        CORPUS,
    )
    expected = []
    for text in CORPUS:
        clean = clean_text(text, multiline=True)
        expected.append([clean, count_words(clean), count_characters(clean)])
    assert counted == expected
    assert sum(words for _text, words, _characters in counted) > 60
