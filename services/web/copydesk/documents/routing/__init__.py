"""Who edits what, by when, and who is reminded: the desk's rules, the editors' load, due dates, reminders."""
