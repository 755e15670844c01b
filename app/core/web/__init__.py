"""What stands between a client and a view: proxies, hosts, headers, cookies, errors, static files."""
