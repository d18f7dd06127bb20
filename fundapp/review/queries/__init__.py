"""Reads of the review room: what a reviewer was given, the panel and its plan, the tally and the selection."""
