"""The review room in words and figures, as its pages show it, in the current language."""
