"""What the JSON API is made of: typed operations, strict bodies, and a document generated from both."""
