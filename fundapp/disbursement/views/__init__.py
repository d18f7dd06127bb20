"""Pages of the disbursement room; importing its modules puts them on the blueprint."""

from flask import Blueprint

bp = Blueprint("disbursement", __name__)
