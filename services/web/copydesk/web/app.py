"""The application factory."""

from pathlib import Path

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from copydesk import fault_reports, traces
from copydesk.accounts import login_sessions
from copydesk.config import Settings, settings
from copydesk.logs import configure_logging
from copydesk.web import (
    accounts,
    admin,
    audit_log,
    body_limits,
    brief_templates,
    compression,
    disclosure,
    documents,
    errors,
    exports,
    feeds,
    figures,
    guards,
    health,
    help_pages,
    home,
    house,
    limits,
    metrics,
    models,
    notifications,
    own_settings,
    queue,
    reading,
    records,
    request_log,
    routing,
    security,
    signing,
    templating,
    webhooks,
)
from copydesk.web.accounts import evenly
from copydesk.web.cookies import SignedSessions
from copydesk.web.extensions import csrf, db, migrate, talisman

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
CSP = {
    "default-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
}
PERMISSIONS = dict.fromkeys(("camera", "microphone", "geolocation", "payment", "usb", "browsing-topics"), "()")


def create_app(config: Settings | None = None) -> Flask:
    """The whole web process. Raises `ConfigurationError` when a setting is missing or wrong."""
    config = config or settings()
    configure_logging(config)
    fault_reports.install(config, "web")
    traces.install(config, "web")
    app = Flask("copydesk.web", root_path=str(Path(__file__).parent))
    app.session_interface = SignedSessions()
    _configure(app, config)
    if config.trusted_proxies:
        n = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    body_limits.install(app)
    csrf.init_app(app)
    _install_headers(app, config)
    request_log.install(app)
    metrics.install(app)
    health.install(app)
    traces.watch_pages(app)
    with app.app_context():
        traces.watch_database(db.engine)
    if not config.trusted_proxies:
        compression.install(app)
    security.install(app, config)
    limits.install(app, config)
    app.before_request(guards.refuse_unguarded)
    templating.install(app)
    errors.install(app)
    for room in (
        home,
        help_pages,
        accounts,
        own_settings,
        notifications,
        admin,
        audit_log,
        brief_templates,
        house,
        webhooks,
        routing,
        models,
        queue,
        documents,
        reading,
        signing,
        exports,
        feeds,
        records,
        figures,
        disclosure,
        health,
        metrics,
    ):
        app.register_blueprint(room.blueprint)
    return app


def _configure(app: Flask, config: Settings) -> None:
    app.config.update(
        COPYDESK=config,
        SECRET_KEY=config.secret_key.get_secret_value(),
        TESTING=config.environment == "test",
        SQLALCHEMY_DATABASE_URI=config.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "hide_parameters": True,  # an error's words go into the log; what people wrote does not
            "connect_args": {
                "options": "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s",
                "connect_timeout": 5,
            },
        },
        SESSION_COOKIE_NAME="__Host-copydesk" if config.is_production else "copydesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.is_production,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=config.is_production,
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=200,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=config.is_production,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
        PERMANENT_SESSION_LIFETIME=login_sessions.LONGEST_STAYING,
        EVEN_SECONDS=0.0 if config.environment == "test" else evenly.SECONDS,
    )


def _install_headers(app: Flask, config: Settings) -> None:
    """The security headers of every answer; nginx repeats them for the files it serves itself, and a test compares."""

    @app.after_request  # the first that is registered runs last: it has the last word
    def keep_address_secret(response):  # type: ignore[no-untyped-def]
        if "token" in (request.view_args or {}):
            response.headers.update(signing.HEADERS)
            if request.blueprint != signing.blueprint.name:
                # A form with a token needs a Referer over https. It goes to this desk alone, whose logs mask it.
                response.headers["Referrer-Policy"] = "same-origin"
        return response

    talisman.init_app(
        app,
        force_https=False,  # nginx redirects; inside, the desk speaks plain HTTP
        strict_transport_security=config.is_production,
        content_security_policy=CSP,
        permissions_policy=PERMISSIONS,
        frame_options="DENY",
        referrer_policy="same-origin",
        session_cookie_secure=config.is_production,
        x_xss_protection=False,
    )

    @app.after_request
    def isolate(response):  # type: ignore[no-untyped-def]
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if response.mimetype in ("text/html", "application/json"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
