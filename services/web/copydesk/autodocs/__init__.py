"""Machine drafts: asked for, written, kept. Every draft of a document is kept, also the failed ones."""
