"""What an update starts from: the template's versions, and what a service says of its origin."""
