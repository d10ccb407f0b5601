"""The gradients of manual/rnn.py, manual/lstm.py and manual/gru.py over whole sequences, arranged for speed.

The equations and their tags are those of the notes; the head of each file says what was rearranged, and why it is
equal.  NumPy alone: no compiled code.
"""
