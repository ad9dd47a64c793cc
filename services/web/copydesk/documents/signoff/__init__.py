"""Sign-off: decisions change by change, the statement that goes with a signature, links to sign by."""
