"""What an operator sees of the service: logs, request ids, health."""
