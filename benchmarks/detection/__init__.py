"""The published score of detection: which mistakes gradproof and other gradient checkers miss, and at what price.

`python benchmarks/detection/score.py` prints it.  styles/ has right functions in other styles than that of manual/;
mutants.py and its operators make mistakes in them, one at a time; alive.py says which of those change anything;
checkers.py has the checkers.
"""
