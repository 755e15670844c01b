"""Gunicorn's settings in many templates: four sync workers, each request in the access log."""

workers = 4
worker_class = "sync"
accesslog = "-"
control_socket_disable = True  # the version in use would open one in the home directory
