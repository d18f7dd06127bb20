"""Reads of the disbursement room: awards, letters and what is exported."""
