"""Checks of what can be taken out of a service: each goes with its part."""
