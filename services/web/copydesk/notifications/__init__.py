"""Notifications: what a person should hear of, in the page and by mail; written in the transaction of its cause."""
