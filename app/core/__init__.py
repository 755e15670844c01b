"""Plumbing: one concern per file, each joining the application by `init_app(app)`."""
