"""All of fundapp on one machine with sample data, for `script/demo`."""
