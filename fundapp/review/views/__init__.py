"""Pages of the review room; importing its modules puts them on the blueprint."""

from flask import Blueprint

bp = Blueprint("review", __name__)
