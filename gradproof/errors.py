"""Errors that are the caller's to mend."""


class AuditError(Exception):
    """Nothing could be audited: a wrong path, a file that is no Python, or a function that no contract describes."""
