"""Programmes, calls, forms, applications, entries, conflicts and visibility."""
