"""Proof that the tests notice: plants one defect after the other in a copy of the tree, and runs tests there."""
