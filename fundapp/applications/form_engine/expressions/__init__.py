"""Expressions of a form, as ODK understands them.

elementpath reads an expression (grammar, number of arguments). It is then bound to the place in the form where it
stands, and computed by ODK's rules, which differ from plain XPath 1.0: answers are text that turns into numbers when
compared, dates compare as days, a name in a repeat means the row that asks. Only what is listed here can be computed,
so an expression can reach nothing but the answers.

Source: ODK XForms Specification, section "XPath Functions"; docs.getodk.org, "Form Operators and Functions".
"""

from fundapp.applications.form_engine.expressions.binding import Bound, bind
from fundapp.applications.form_engine.expressions.reading import (
    MAX_DEPTH,
    Expression,
    ExpressionError,
    parse_expression,
)
from fundapp.applications.form_engine.expressions.tree import CHOICE, ROOT, Focus, Node, Path, Tree, referred, tree_of
from fundapp.applications.form_engine.expressions.values import ExpressionTooSlow, as_moment, as_number

__all__ = [
    "CHOICE",
    "MAX_DEPTH",
    "ROOT",
    "Bound",
    "Expression",
    "ExpressionError",
    "ExpressionTooSlow",
    "Focus",
    "Node",
    "Path",
    "Tree",
    "as_moment",
    "as_number",
    "bind",
    "parse_expression",
    "referred",
    "tree_of",
]
