"""The service's own code: one folder per feature. Features do not know each other; `app/api.py` publishes them."""
