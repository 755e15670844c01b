"""What the service keeps: the database and its migrations."""
