"""Any pure forward and its hand-written backward: the truth is the forward itself, run on dual numbers."""
