"""One file that makes the desk again: its database and its models, checked when written and when restored."""
