"""A form as managers write it on pages: a working copy that may be right or wrong."""
