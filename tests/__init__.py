"""Tests and benches. The package comes first, as in every process: it says in how many threads NumPy reckons."""

import fundapp as fundapp
