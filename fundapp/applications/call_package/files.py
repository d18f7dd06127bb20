"""Reads the files of a call package."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import regex

from fundapp.accounts.rules import checked_email
from fundapp.applications.call_package.keys import FILE, Keys
from fundapp.applications.call_package.package import CallPackage, InvitationRead, PackagePart
from fundapp.applications.call_package.reading import languages_of, read_document
from fundapp.applications.form_engine.definition import FormDefinition
from fundapp.applications.xlsform import read_form
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import read_table
from fundapp.core.text import TextError, clean_text

MAX_TOML_BYTES: Final = 1024 * 1024
MAX_LIST_BYTES: Final = 5 * 1024 * 1024
FORMS: Final = ("form.xlsx", "form.md")


def read_package(folder: Path, *, parts: Sequence[PackagePart] = ()) -> CallPackage:
    """Read a call package, with the `parts` that later rooms know. Its `warnings` say what of the form is passed over.

    Raises RuleViolations with every problem, each with its file and key, or sheet, row and column.
    """
    problems: list[Problem] = []
    files = _files(folder, problems)
    document = _toml(files[FILE], problems)
    warnings: list[Problem] = []
    name = next((name for name in files if name in FORMS), None)
    languages = languages_of(document)
    form = _form(name, folder, files, languages, problems, warnings) if name else None
    papers = _papers(document, folder, files, problems, warnings)
    invitations = _invitations(document, folder, files, problems)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    reading = read_document(
        document, form=form, invitations=invitations, papers=papers, parts=parts, sha256=digest.hexdigest()
    )
    problems = [*problems, *reading.problems, *reading.unready]
    if problems:
        raise RuleViolations(problems)
    return replace(reading.package, warnings=tuple(warnings))


def _files(folder: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Return the bytes of call.toml and the form. Raises RuleViolations when there is nothing to go on with."""
    if not folder.is_dir():
        raise RuleViolations([Problem(_l("There is no such folder."), place=str(folder))])
    if not (folder / FILE).is_file():
        raise RuleViolations([Problem(_l("This file is missing."), place=FILE)])
    if (folder / FILE).stat().st_size > MAX_TOML_BYTES:
        raise RuleViolations(
            [Problem(_l("This file is larger than %(limit)s MB.", limit=MAX_TOML_BYTES // 1024**2), place=FILE)]
        )
    forms = [name for name in FORMS if (folder / name).is_file()]
    if len(forms) != 1:
        problems.append(Problem(_l("A package has one form: form.xlsx or form.md."), place=" / ".join(FORMS)))
    return {name: (folder / name).read_bytes() for name in [FILE, *forms[:1]]}


def _toml(data: bytes, problems: list[Problem]) -> Mapping[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        message = _l("This file is not text in UTF-8 (byte %(place)s).", place=error.start)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # The reason ends with the place: "… (at line 3, column 5)".
        message = _l("This file cannot be read: %(reason)s", reason=str(error))
    raise RuleViolations([*problems, Problem(message, place=FILE)])


def _form(
    name: str,
    folder: Path,
    files: dict[str, bytes],
    languages: Sequence[str],
    problems: list[Problem],
    warnings: list[Problem],
) -> FormDefinition | None:
    """Read a form, and add the bytes of the lists that it takes from files beside it."""

    def beside(list_file: str) -> bytes | None:
        path = folder / list_file
        if not path.is_file() or path.stat().st_size > MAX_LIST_BYTES:
            return None
        files[list_file] = path.read_bytes()
        return files[list_file]

    def placed(problem: Problem) -> Problem:
        # A problem of a whole file names it already; one of a row names sheet, row and column.
        known = any(file in problem.place for file in files)
        return problem if known else Problem(problem.message, place=f"{name}, {problem.place}")

    passed_over: list[Problem] = []
    form = None
    try:
        form = read_form(
            files[name],
            name,
            default_language=languages[0] if languages else "en",
            read_file=beside,
            warnings=passed_over,
        )
    except RuleViolations as violations:
        problems += [placed(each) for each in violations.problems]
    warnings += [placed(each) for each in passed_over]
    return form


def _papers(
    document: Mapping[str, Any], folder: Path, files: dict[str, bytes], problems: list[Problem], warnings: list[Problem]
) -> dict[str, FormDefinition]:
    """Read the forms for further papers that stages name, by stage, and add their bytes to the files."""
    papers = {}
    for stage in Keys(document, []).tables("stages"):
        code = stage.text("code", required=False)
        if not stage.has("papers"):
            continue
        stage.problems = problems
        name = stage.text("papers", regex.compile(r"[\w-]+\.(xlsx|md)"), "papers-finalists.xlsx", required=False)
        if not name or not (folder / name).is_file():
            stage.complain("papers", _l("The file %(name)s is missing.", name=name))
            continue
        files[name] = (folder / name).read_bytes()
        if form := _form(name, folder, files, languages_of(document), problems, warnings):
            papers[code] = form
    return papers


def _invitations(
    document: Mapping[str, Any], folder: Path, files: dict[str, bytes], problems: list[Problem]
) -> tuple[InvitationRead, ...] | None:
    """Read the list that the document names, and add its bytes to the files; None where it names none."""
    call = Keys(document, []).table("call")
    if not call.has("invitations"):
        return None
    call.problems = problems
    name = call.text("invitations", regex.compile(r"[\w-]+\.(csv|xlsx)"), "invitations.csv", required=False)
    if not name or not (folder / name).is_file():
        call.complain("invitations", _l("The file %(name)s is missing.", name=name))
        return None
    files[name] = (folder / name).read_bytes()
    try:
        return read_invitations(files[name], name)
    except RuleViolations as violations:
        problems += violations.problems
        return None


def read_invitations(data: bytes, name: str) -> tuple[InvitationRead, ...]:
    """Read an invitation list; of an address that stands there twice, the first row counts.

    Raises RuleViolations with every problem, each with its file, row and column.
    """
    table = read_table(data, name)
    if set(table.headers) != {"email", "organisation"}:
        raise RuleViolations([Problem(_l("This list has two columns: email and organisation."), place=name)])
    problems: list[Problem] = []
    invited: dict[str, InvitationRead] = {}
    for row in table.rows:
        try:
            address = checked_email(row.cells["email"])
            invited.setdefault(address, InvitationRead(address, clean_text(row.cells["organisation"])))
        except RuleViolations as violations:
            problems.append(Problem(violations.problems[0].message, place=f"{name}, row {row.number}, column email"))
        except TextError as error:
            problems.append(Problem(error.message, place=f"{name}, row {row.number}, column organisation"))
    if problems:
        raise RuleViolations(problems)
    return tuple(invited.values())
