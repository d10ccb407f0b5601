"""Where along the axes a gradient is wrong, and when."""
