"""The engine: text in, text out. Knows nothing of the desk; imports heavy libraries only where they are used."""
