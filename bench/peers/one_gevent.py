"""Gunicorn's settings in other templates: one gevent worker, each request in the access log."""

workers = 1
worker_class = "gevent"
accesslog = "-"
control_socket_disable = True  # as in four_sync.py
