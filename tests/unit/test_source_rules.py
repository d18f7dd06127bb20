"""What the source must not hold: ways to run what people typed, weak cryptography, secrets, test code in the package.

Each rule is a function from text to the faults in it, so that the second half of the file can show it one.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "fundapp"
TEMPLATES = ROOT / "templates"

BANNED_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "makes code of text",
    "os.system": "a shell",
    "os.popen": "a shell",
    "subprocess.getoutput": "a shell",
    "yaml.load": "builds any object",
    "tempfile.mktemp": "a name that somebody else may take first",
    "hashlib.md5": "broken",
    "hashlib.sha1": "broken",
    "uuid.uuid1": "tells the machine and the time",
    "uuid1": "tells the machine and the time",
    "render_template_string": "a template that somebody typed",
    "Markup": "text that is not escaped",
    "markupsafe.Markup": "text that is not escaped",
}
BANNED_METHODS = {"populate_obj": "a form poured into a row", "format_map": "a format that somebody typed"}
BANNED_ARGUMENTS = {("shell", True), ("verify", False), ("autoescape", False), ("check_hostname", False)}
BANNED_IMPORTS = {"pickle", "marshal", "shelve", "dill", "random", "telnetlib", "ftplib", "requests", "httpx"}
ALLOWED = {
    ("core/pdf.py", "Markup"): "wraps a value that it escapes in an element that isolates it",
    ("review/presentation/discussion.py", "Markup"): "marks the language of a name, and escapes both",
    ("disbursement/presentation/letter_page.py", "Markup"): "a letter that a template of ours has escaped",
    ("disbursement/views/templates.py", "Markup"): "a sentence that escapes what it is given",
    ("demo/scores.py", "random"): "invented scores, the same each time",
    (
        "applications/form_engine/expressions/binding.py",
        "uuid4",
    ): "what ODK's uuid() gives to a form that asks for one; no secret",
}
FORMATTERS = ("Money", "Markup", "joined", "decided.awarded", "decided.budget")
"""Beginnings of what is no text of somebody: amounts of money, markup that
escapes what it is given, and the pattern of a date from CLDR."""
CALLS_OUT = {"core/postbox.py", "core/scanning.py", "demo/processes.py", "demo/serving.py"}
"""What opens connections beside the database and the queue: the postman, the question to a virus scanner, and the demo
to its own pages."""
OUTWARD_IMPORTS = {"smtplib", "socket", "http.client", "urllib.request"}
"""Everything in the package that could talk to another machine by itself."""


def python_faults(text: str, name: str = "") -> list[str]:
    """Return what a module must not do."""
    found = []
    keys = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                found += [fault for alias in names for fault in _import_faults(alias.name, name)]
            case ast.ImportFrom(module=str(module)):
                found += _import_faults(module, name)
            case ast.keyword(arg="id", value=value) | ast.Assign(targets=[ast.Attribute(attr="id")], value=value):
                keys.add(value)
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target.endswith("_id"):
                keys.add(value)
            case ast.Call() if node not in keys:
                found += _call_faults(node, name)
    return found


def comparison_faults(text: str) -> list[str]:
    """Return where a secret is compared letter by letter, which tells by the time it takes how far a guess is right."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        if all(not isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
        if any(SECRET_NAME.search(_last_name(side)) for side in (node.left, *node.comparators))
    ]


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _import_faults(module: str, name: str) -> Iterator[str]:
    is_banned = module.split(".")[0] in BANNED_IMPORTS and (name, module) not in ALLOWED
    if is_banned or (module in OUTWARD_IMPORTS and name not in CALLS_OUT):
        yield f"imports {module}"


def _call_faults(node: ast.Call, name: str) -> Iterator[str]:
    called = ast.unparse(node.func)
    if called in BANNED_CALLS and (name, called) not in ALLOWED:
        yield f"{called}: {BANNED_CALLS[called]}"
    if called in ("uuid4", "uuid.uuid4") and not name.startswith("migrations/") and (name, called) not in ALLOWED:
        yield f"{called}: it is the key of a row, and no secret"
    if called.split(".")[-1] in ("text", "exec_driver_sql") and isinstance(node.args[0], ast.BinOp | ast.JoinedStr):
        yield f"{called}: SQL that is put together"
    for keyword in node.keywords:
        if (keyword.arg, getattr(keyword.value, "value", None)) in BANNED_ARGUMENTS:
            yield f"{called}({ast.unparse(keyword)})"
    if isinstance(node.func, ast.Attribute):
        if node.func.attr in BANNED_METHODS:
            yield f"{called}: {BANNED_METHODS[node.func.attr]}"
        of_what = node.func.value
        is_ours = isinstance(of_what, ast.Constant) or ast.unparse(of_what).startswith(FORMATTERS)
        if node.func.attr == "format" and not is_ours and not name.startswith("migrations/"):
            yield f"{called}: a format that is not written here"


SECRET_NAME = re.compile(r"(?:^|_)(?:token|secret|code|password|passphrase|words|signature|mac|digest)$")

TEXT_RULES = {
    r"\|\s*safe\b": "text that is not escaped",
    r"(?<!['\"])\{\{\s*config\b": "a setting in a text",
}
"""Plain texts (mails, the copy to keep) have nothing to escape."""
TEMPLATE_RULES = TEXT_RULES | {
    r"autoescape\s+false": "text that is not escaped",
    r"<script(?![^>]*\ssrc=)": "a script inside the page",
    r"<style\b": "a style inside the page",
    r"\sstyle\s*=\s*[\"']": "a style inside the page",
    r"<[^>{]*\son[a-z]+\s*=": "a script inside the page",
    r"javascript:": "a script inside the page",
    r"(?:src|href|action)\s*=\s*[\"']?(?:https?:)?//": "something from another site",
}
TO_KEEP = {"packet.html"}
"""Pages that are downloaded to be read offline: they carry their style, and a policy of their own, with them."""
SCRIPT_RULES = {
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc)\b": "text that is read as markup",
    r"\bdocument\.write": "text that is read as markup",
    r"\beval\s*\(|\bnew Function\b": "text that is run",
    r"\b(?:localStorage|sessionStorage|indexedDB)\b|document\.cookie": "data that stays on a phone",
    r"__proto__|\bObject\.assign\(\s*[A-Za-z.]*prototype": "a change of what every object is",
    r"https?://": "something from another site",
    r"\bimport\s*\(\s*[^\"'\s]": "a script whose name is not written here",
}
KEEPS_WHAT_IS_ASKED_FOR = {"copies.js", "exit.js", "saving.js"}
"""Encrypted copies of unsaved texts, kept for who ticks the box, and their end: docs/adr/0009-pages-and-drafts.md."""
NAMED_BY_OUR_PAGE = {"saving.js"}
"""The address of copies.js, with the hash of its content; the policy of the page lets no other site's script run."""
READS_OUR_MARKUP = {"saving.js"}
"""Fields that our own server drew anew, with everything escaped that people wrote."""
STYLE_RULES = {r"@import|url\(\s*[\"']?(?:https?:)?//": "something from another site"}
SECRET_RULES = {
    "-----BEGIN " + r"(?:[A-Z]+ )?PRIVATE KEY-----": "a private key",
    r"\bAKIA[0-9A-Z]{16}\b": "a key of a cloud",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b": "a token of a forge",
    r"\bxox[baprs]-[A-Za-z0-9-]{10,}": "a token of a chat",
    r"\beyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}\.": "a signed token",
    r"(?i)\b(?:secret|passw(?:or)?d|token|api_?key)\w*\s*[:=]\s*[\"'][A-Za-z0-9+/_=-]{24,}[\"']": "a secret in clear",
    r"\b[a-z+]+://[^/\s:@{]+:(?!A-LONG-RANDOM)[^/\s:@{<$]{3,}@": "a password in an address",
}


def rule_faults(text: str, rules: dict[str, str]) -> list[str]:
    """Return what the rules find, with what is wrong about it."""
    return [f"{match.group(0)[:60].strip()}: {why}" for rule, why in rules.items() for match in re.finditer(rule, text)]


def files(folder: Path, *patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in sorted(folder.rglob(pattern)) if "__pycache__" not in path.parts]
    assert found, (folder, patterns)
    return found


def faults_in(paths: list[Path], rules: dict[str, str]) -> dict[str, list[str]]:
    found = {str(path.relative_to(ROOT)): rule_faults(path.read_text(encoding="utf-8"), rules) for path in paths}
    return {path: faults for path, faults in found.items() if faults}


# The source keeps the rules


def test_no_module_runs_text_or_uses_broken_cryptography() -> None:
    found = {}
    for path in [*files(SOURCE, "*.py"), *files(ROOT / "migrations", "*.py")]:
        name = path.relative_to(SOURCE if SOURCE in path.parents else ROOT).as_posix()
        if faults := python_faults(path.read_text(encoding="utf-8"), name):
            found[name] = faults
    assert found == {}, "\n".join(map(str, found.items()))


def test_no_page_holds_a_script_a_style_or_unescaped_text() -> None:
    letters = [path for path in files(TEMPLATES, "*.html") if "pdf" in path.parts or path.name in TO_KEEP]
    pages = [path for path in files(TEMPLATES, "*.html") if path not in letters]
    assert len(pages) > 40
    assert faults_in(pages, TEMPLATE_RULES) == {}
    assert faults_in(files(TEMPLATES, "*.txt"), TEXT_RULES) == {}
    assert faults_in(letters, {rule: why for rule, why in TEMPLATE_RULES.items() if "style" not in why}) == {}


def test_no_script_or_style_sheet_reads_markup_keeps_data_or_calls_out() -> None:
    found: dict[str, list[str]] = {}
    for path in files(SOURCE / "static", "*.js"):
        excused = {
            "data that stays on a phone": path.name in KEEPS_WHAT_IS_ASKED_FOR,
            "text that is read as markup": path.name in READS_OUR_MARKUP,
            "a script whose name is not written here": path.name in NAMED_BY_OUR_PAGE,
        }
        rules = {rule: why for rule, why in SCRIPT_RULES.items() if not excused.get(why)}
        found |= faults_in([path], rules)
    assert found == {}
    assert faults_in(files(SOURCE / "static", "*.css"), STYLE_RULES) == {}


def test_no_secret_is_written_down_anywhere() -> None:
    paths = [path for path in ROOT.glob("*") if path.suffix in (".md", ".toml", ".in", ".cfg", ".ini", ".env")]
    for folder in ("fundapp", "templates", "migrations", "tests", "script", "docs", ".ci"):
        paths += [path for path in files(ROOT / folder, "*") if path.is_file() and path.suffix not in BINARY]
    paths = [path for path in paths if path != Path(__file__)]
    assert len(paths) > 300
    assert faults_in(paths, SECRET_RULES) == {}


BINARY = {".png", ".heic", ".mo", ".xlsx", ".pdf", ".woff2", ".ico", ".pyc"}


def test_the_package_holds_no_test_and_no_history() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["packages"]["find"] == {"include": ["fundapp*"]}
    assert [path.name for path in ROOT.glob("fundapp*/")] == ["fundapp"]
    assert [path for path in SOURCE.rglob("*") if re.match(r"test_|tests$|conftest|\.git", path.name)] == []
    for path in files(SOURCE, "*.py"):
        assert not re.search(r"^(?:from|import) (?:tests|pytest|hypothesis)\b", path.read_text(), re.MULTILINE), path


def test_no_secret_is_compared_letter_by_letter() -> None:
    modules = [*files(SOURCE / "accounts", "*.py"), SOURCE / "core" / "keys.py", SOURCE / "core" / "sealing.py"]
    found = {path.name: faults for path in modules if (faults := comparison_faults(path.read_text(encoding="utf-8")))}
    assert found == {}


# And the rules notice what breaks them


@pytest.mark.parametrize("text", ["code == stored", "if row.token != given: pass", "ok = signature == made"])
def test_a_secret_compared_letter_by_letter_is_noticed(text: str) -> None:
    assert comparison_faults(text)
    assert not comparison_faults("name == other")


@pytest.mark.parametrize(
    "text",
    [
        "eval(request.args['x'])",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "import random",
        "import smtplib",
        "import urllib.request",
        "os.system(command)",
        "subprocess.run(command, shell=True)",
        "session.get(url, verify=False)",
        "hashlib.sha1(data)",
        "hashlib.md5(data)",
        "form.populate_obj(row)",
        "render_template_string(text)",
        "Markup(text)",
        "Environment(autoescape=False)",
        "token = uuid4()",
        "db.session.execute(text(f'SELECT {name}'))",
        "connection.exec_driver_sql('SELECT ' + name)",
        "template.format(name=name)",
    ],
)
def test_a_fault_in_a_module_is_noticed(text: str) -> None:
    assert python_faults(text)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("<p>{{ text|safe }}</p>", TEMPLATE_RULES),
        ("{% autoescape false %}", TEMPLATE_RULES),
        ("<script>go()</script>", TEMPLATE_RULES),
        ('<p style="color: red">', TEMPLATE_RULES),
        ('<button type="button" onclick="go()">', TEMPLATE_RULES),
        ('<a href="javascript:go()">', TEMPLATE_RULES),
        ('<img src="https://elsewhere.example/dot.gif">', TEMPLATE_RULES),
        ("{{ config.SECRET_KEY }}", TEMPLATE_RULES),
        ("box.innerHTML = text", SCRIPT_RULES),
        ("localStorage.setItem('draft', text)", SCRIPT_RULES),
        ("fetch('https://elsewhere.example')", SCRIPT_RULES),
        ("@import '//elsewhere.example/x.css'", STYLE_RULES),
        ("-----BEGIN " + "PRIVATE KEY-----", SECRET_RULES),
        ("SECRET_KEY = '" + "a1B2c3D4" * 4 + "'", SECRET_RULES),
        ("postgresql://fund:" + "hunter22@db.example/fund", SECRET_RULES),
    ],
)
def test_a_fault_in_a_page_a_script_or_a_file_is_noticed(text: str, rules: dict[str, str]) -> None:
    assert rule_faults(text, rules)
