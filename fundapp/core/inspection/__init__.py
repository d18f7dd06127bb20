"""Files that people send, looked into and cleaned in a process of their own.

`examine` says what a file is by its content, or why it cannot be taken. `clean` returns a copy without metadata: who
made it, where, with what, and whatever can act. Both run in a child process without keys, settings or environment,
under limits of memory and time (`running`); a file that takes its reader down takes nothing else with it.
"""

from fundapp.core.inspection.reasons import Refused, Why
from fundapp.core.inspection.running import Cleaned, clean, examine

__all__ = ["Cleaned", "Refused", "Why", "clean", "examine"]
