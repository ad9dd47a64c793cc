"""What gunicorn has to say goes the way of all our log lines: it quotes requests, and addresses can hold secrets."""

from typing import Any

from gunicorn.glogging import Logger

from copydesk.config import settings
from copydesk.logs import configure_logging


class DeskLogger(Logger):  # type: ignore[misc]
    """Without handlers of its own."""

    def setup(self, cfg: Any) -> None:
        configure_logging(settings())
        super().setup(cfg)
        self.error_log.propagate = True

    def _set_handler(self, *_: Any, **__: Any) -> None:
        pass
