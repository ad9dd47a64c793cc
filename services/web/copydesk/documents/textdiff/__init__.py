"""Two texts against each other: what stayed, what changed, what moved; no database and no documents."""
