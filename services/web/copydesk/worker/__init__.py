"""The worker: takes jobs from the queue, asks the engine for words, saves them, sends mail."""
