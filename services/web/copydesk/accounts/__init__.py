"""People: who they are, what they may be, and who let them in. No request and no HTML in here."""
