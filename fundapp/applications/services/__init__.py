"""Everything that changes calls and applications, one function per use case."""
