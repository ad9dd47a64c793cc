"""What is looked at before a text goes to the sponsor: named checks, how strictly the desk takes each, and waivers."""

from copydesk.documents.delivery.checks import CHECKS, Check, Finding, Mode, Subject, run

__all__ = ["CHECKS", "Check", "Finding", "Mode", "Subject", "run"]
