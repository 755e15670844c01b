"""What makes services of this repository: their names, what is asked of them, and what is written into their files.

A service does not keep this package; it keeps `devtools.update`, by which it takes over later versions.
"""
