"""Documents: briefs, revisions, and the way from one state to the next. No request and no HTML in here."""
