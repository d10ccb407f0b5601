"""A report in words, tables and data; nothing here computes a verdict."""
