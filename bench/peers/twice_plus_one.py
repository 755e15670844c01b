"""Gunicorn's settings as its documentation has advised for years: sync workers, twice the processors and one."""

import multiprocessing

workers = multiprocessing.cpu_count() * 2 + 1
worker_class = "sync"
accesslog = "-"
control_socket_disable = True  # as in four_sync.py
