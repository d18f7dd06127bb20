"""What is kept, for how long, and how it is erased: the last room, because erasing reaches into every other."""
