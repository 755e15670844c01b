"""Checks from the machine of a service, with its own settings: what they say, and what they lead to."""
