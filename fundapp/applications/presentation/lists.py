"""What the tables that are taken away of a call's lists are called."""

from fundapp.applications.models import Call


def file_names(what: str, call: Call) -> dict[str, str]:
    """Return the name of a file, without its format, and the title of its sheet; a sample says so in both."""
    return {
        "name": f"{what}-{call.slug}{'-SAMPLE' if call.is_sample else ''}",
        "title": f"SAMPLE {what}" if call.is_sample else what.capitalize(),
    }
