"""What the commands that change a whole tree have in common: how they are spoken to, and what git says of the tree."""
