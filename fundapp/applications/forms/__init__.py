"""The web forms of this room."""
