"""The benchmark: what this stack costs beside bare Flask and beside the settings that others publish.

`make bench` runs it and prints the table of docs/performance.md. Linux only: it reads /proc.
"""


class BenchmarkError(Exception):
    """What keeps the benchmark from being run, or from meaning anything; its text is for the person at the terminal."""
