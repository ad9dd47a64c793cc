"""What comes before a draft: unfinished briefs, brief templates, many briefs at once, reading matter."""
