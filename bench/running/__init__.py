"""What is started for a measurement, and is gone after it: databases, Gunicorn, Nginx."""
