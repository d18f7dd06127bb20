"""Until when reviews of a stage are wanted."""
