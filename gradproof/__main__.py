"""`python -m gradproof` is the command `gradproof`."""

from .cli import main

main()
