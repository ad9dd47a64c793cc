"""Copydesk: a machine drafts, a person answers for every word."""

__version__ = "0.1.0"
