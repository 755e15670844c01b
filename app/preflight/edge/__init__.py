"""Checks of the way to a service: TLS, redirects, who is believed, what is let in and what is closed."""
