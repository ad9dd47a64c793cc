"""The pictures of the help page and of the docs, shot on a desk of its own: `make pictures`."""
