"""Reads of calls and applications, each within what its actor may see."""
