"""Expressions of a form (constraints), as ODK understands them.

elementpath reads the expression (grammar, number of arguments); what it read is computed here by ODK's rules, which
differ from plain XPath 1.0: answers are text that turns into numbers when compared, dates compare as days, `selected`
looks into space-separated choices, `regex` has to match the whole text. Only what is listed here can be computed, so an
expression can reach nothing but the answers.

Source: ODK XForms Specification, section "XPath Functions"; docs.getodk.org, "Form Operators and Functions".
"""

from fundapp.applications.expressions.functions import ExpressionTooSlow
from fundapp.applications.expressions.reading import (
    MAX_DEPTH,
    Answers,
    Expression,
    ExpressionError,
    parse_expression,
)

__all__ = ["MAX_DEPTH", "Answers", "Expression", "ExpressionError", "ExpressionTooSlow", "parse_expression"]
