"""What a form asks: its definition, its pages, its expressions, and what they come to on given answers. Pure."""
