"""Many requests at once."""

from concurrent.futures import ThreadPoolExecutor


def ask(client, path, times):
    """Ask many times, from eight threads, and return the statuses."""
    with ThreadPoolExecutor(8) as pool:
        return [response.status_code for response in pool.map(client.get, [path] * times)]
