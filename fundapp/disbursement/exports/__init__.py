"""Files that leave the house: decisions, contacts and what others read."""
