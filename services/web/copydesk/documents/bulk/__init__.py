"""One act on many documents: each under its own rights and states, said of each by name, and undone where it can be."""
