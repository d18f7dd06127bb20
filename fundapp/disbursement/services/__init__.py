"""Everything that changes awards and letters, one function per use case."""
