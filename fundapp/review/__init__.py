"""Reviewers, assignment, scoring, tally, selection and ratification."""
