"""gunicorn's own words in the form of all logs; it keeps no access log, which would hold addresses and queries."""

from typing import Any

from gunicorn.glogging import Logger

from fundapp.core.logs import JsonLines, set_up


class JsonLogger(Logger):
    """What `fundapp serve` gives to gunicorn as its logger class."""

    def setup(self, cfg: Any) -> None:
        """Give gunicorn's handlers our form, and set up the logs of the processes that serve pages."""
        super().setup(cfg)
        set_up()
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())
