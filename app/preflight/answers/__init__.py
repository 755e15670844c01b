"""Checks of what a service answers: headers, policy, cookies, errors, probes, static files."""
