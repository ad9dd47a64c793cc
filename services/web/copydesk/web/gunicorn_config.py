"""Gunicorn's settings; see https://docs.gunicorn.org/en/stable/settings.html."""

import os

workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
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
