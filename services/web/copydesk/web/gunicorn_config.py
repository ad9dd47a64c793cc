"""Gunicorn's settings; see https://docs.gunicorn.org/en/stable/settings.html."""

import os
from typing import Any

from copydesk.web import metric_files

workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "copydesk.web.gunicorn_worker.DeskWorker"
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
keepalive = 30
max_requests = 20_000
max_requests_jitter = 2_000
# A heartbeat on a disk can stall; no name in this folder is chosen by anybody else.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108  # nosec B108  # see above
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
logger_class = "copydesk.web.gunicorn_log.DeskLogger"


def child_exit(server: Any, worker: Any) -> None:
    metric_files.forget(worker.pid)


def on_exit(server: Any) -> None:
    metric_files.clear()
