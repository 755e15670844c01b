"""`make lint-migrations`: whether the release that runs can go on while a new one migrates, and afterwards."""
