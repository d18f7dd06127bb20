"""What can be done about accounts, one file for each kind of thing."""
