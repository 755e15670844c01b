"""How a service is asked from outside: connections that end in time, and answers that were read."""
