"""The queue that wakes workers. It may lose, repeat or reorder what it is told: the outbox is the truth."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE_NAME: Final = "fundapp"
TASK: Final = "fundapp.worker.run_outbox"
JOB_SECONDS: Final = 300


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
