"""The history of a call and of an application, read from the audit log and told in plain words."""
