"""The derivative program of a forward function, and the numbers it runs on."""
