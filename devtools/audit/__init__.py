"""`make audit`: known vulnerabilities of what is locked, and a list of what the service is made of."""
