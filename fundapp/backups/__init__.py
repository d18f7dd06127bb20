"""Backups: made on the server, opened elsewhere, and restored without bringing back what was erased."""
