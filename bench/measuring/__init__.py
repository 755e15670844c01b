"""How a cost is measured: calls, rounds in which contenders take turns, process trees, load."""
