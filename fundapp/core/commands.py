"""What every command of the command line goes through: one application, one transaction, plain errors."""

import functools
from collections.abc import Callable
from typing import Any

import click

from fundapp.core import unit_of_work
from fundapp.core.errors import FundappError, RuleViolations
from fundapp.core.keys import Part
from fundapp.core.web import FundApp


def with_app(command: Callable[..., Any], *, holds: frozenset[Part] | None = None) -> Callable[..., Any]:
    """Call `command(app, …)` inside an application context; commit when it returns, roll back when it raises.

    The application holds the keys that commands hold, or those that `holds` names.

    The group's context object makes the application, so that --help never needs settings. Errors that people may
    be told about become one line each, and exit status 1.
    """

    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        app: FundApp = context.obj() if holds is None else context.obj(holds)
        with app.app_context():
            try:
                result = command(app, *args, **kwargs)
                unit_of_work.commit(app.queue)
            except RuleViolations as violations:
                unit_of_work.rollback()
                raise click.ClickException("\n".join(str(problem) for problem in violations.problems)) from violations
            except FundappError as error:
                unit_of_work.rollback()
                raise click.ClickException(str(error) or "not found") from error
            return result

    return run
