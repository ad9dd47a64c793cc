"""The web process: pages, guards, forms. It never loads a model and never imports the worker."""

from copydesk.web.app import create_app

__all__ = ["create_app"]
