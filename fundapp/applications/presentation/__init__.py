"""How calls, questions and applications are put into words on pages, in the current language."""
