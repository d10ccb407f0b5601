"""Somebody's NumPy code, unedited, on exact numbers: the array type, NumPy's names, and where they are swapped in."""
