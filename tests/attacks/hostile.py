"""Texts and addresses that somebody might send to do harm."""

MARKUP = (
    '<script>window.__xss=1</script>"><img src=x onerror="window.__xss=1">'
    "'-alert(1)-' javascript:alert(1) </title></textarea><svg/onload=alert(1)>"
)
TEMPLATES = "{{7919*7919}} {% raise 1 %} ${7919*7919} #{7919*7919} {0.__class__} {name} %(name)s %s %"
RECKONED = "62710561"
"""What `TEMPLATES` would show if anything reckoned with it; no time and no count looks like this."""

EVERYTHING = f"{MARKUP} {TEMPLATES}"
"""One text in which every page must show every character as it is."""

BROKEN_TEXTS = {
    "nul": "a\x00b",
    "escape": "a\x1b[31mb",
    "c1 control": "a\x9fb",
    "noncharacter": "a\ufdd0b",
    "bidi override": "annexe\u202efdp.exe",
    "piled-up marks": "a" + "\u0301" * 60,
}
"""What `clean_text` refuses, as far as it can travel as UTF-8."""

BROKEN_BYTES = {
    "invalid utf-8": b"%ff%fe",
    "overlong": b"%c0%af",
    "lone surrogate": b"%ed%a0%80",
    "half a sequence": b"%e2%82",
    "nul": b"%00",
    "raw bytes": b"\xff\xfe\x80",
}
"""Bytes that are no text, as they stand in a query or an urlencoded body."""

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "//user@evil.example",
    "https://localhost@evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/home\n",
    "/home\r\nSet-Cookie: taken=1",
    "javascript:alert(1)",
    "data:text/html,x",
    "//xn--vil-1na.example",
    "/é",
    "\x00/home",
    "home",
    "",
]
"""Values of `next` that lead to another site, or are no plain path of ours."""
