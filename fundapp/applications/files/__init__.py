"""Files that belong to answers: which are taken, and how they get ready for reviewers."""
