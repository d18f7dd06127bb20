"""Pages of calls and applications, all on one blueprint."""

from flask import Blueprint

bp = Blueprint("applications", __name__)
