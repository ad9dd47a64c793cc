"""The list of documents: what its address asks for, its rows, its filters."""
