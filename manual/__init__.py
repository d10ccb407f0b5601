"""Hand-derived forward and backward passes in NumPy; each file is derived in the note of the same name under notes/."""
