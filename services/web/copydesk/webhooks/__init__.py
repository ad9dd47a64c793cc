"""Webhooks: a website is told of what is published, corrected and retracted, so that it can take the texts over.

In the form of Standard Webhooks (https://www.standardwebhooks.com). `docs/webhooks.md` is for whoever receives them.
"""
