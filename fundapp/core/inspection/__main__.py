"""The child process: a file comes in by the standard input, what it is and its clean copy go out by the other.

It is started by its path, with nothing of this installation in its environment. A bare `fundapp` package stands in for
the real one, whose import would load the whole site.
"""

import json
import resource
import sys
import types
from pathlib import Path

site = types.ModuleType("fundapp")
site.__path__ = [str(Path(__file__).parents[2])]
sys.modules["fundapp"] = site
inspection = types.ModuleType("fundapp.core.inspection")
inspection.__path__ = [str(Path(__file__).parent)]
sys.modules["fundapp.core.inspection"] = inspection

from fundapp.core.inspection.limits import MEMORY_BYTES, SECONDS  # noqa: E402 - the package must stand in first

resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

from fundapp.core.inspection import looking  # noqa: E402 - under the limits already
from fundapp.core.inspection.reasons import Refused, Why  # noqa: E402 - likewise

answer: dict[str, str] = {}
copy = b""
try:
    if sys.argv[1] == "clean":
        answer["content_type"], copy = looking.clean(sys.stdin.buffer.read())
    else:
        answer["content_type"] = looking.examine(sys.stdin.buffer.read())
except Refused as refused:
    answer["refused"] = refused.why
except MemoryError:
    answer["refused"] = Why.TOO_MUCH
sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + copy)
