"""Everything that changes reviews and decisions, one function per use case."""
