"""What a view needs around it: access, forms, errors, static files."""
