"""The record of a document: who, or what, wrote every character; checked offline, kept when the document goes."""
