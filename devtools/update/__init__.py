"""`make update` takes a later version of the template into a service, and leaves the service its own changes.

The former version is made again, from the answers that the service keeps, and the later one too; git merges what has
changed between them into the service. What is the service's alone is never merged: its lock, its migrations, its
changelog.
"""
