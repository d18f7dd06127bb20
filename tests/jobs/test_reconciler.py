"""The reconciler outlives a database that does not answer, and then does its work."""

import subprocess
import sys
from pathlib import Path

from flask_migrate import upgrade

from fundapp import create_app
from fundapp.core import clock
from fundapp.core.db import db
from fundapp.core.mail import queue_mail
from fundapp.settings import Settings

from ..keyring import made_keys
from ..servers import RedisServer


def test_reconciler_outlives_a_database_that_does_not_answer(tmp_path: Path) -> None:
    with RedisServer() as redis:
        made_keys(tmp_path)
        environment = {
            "DATA_DIR": str(tmp_path),
            "REDIS_URL": redis.url,
            "SECRET_KEY": "only for this test, and long enough",
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "fundapp", "reconcile", "--every", "1"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert process.stdout is not None
            try:
                assert "does not answer, trying again in 1 s: no such table" in process.stderr.readline()
                app = create_app(Settings.from_env(environment))
                with app.app_context():
                    upgrade()
                    queue_mail(to_address="amina@example.org", language="en", template="news", data={}, now=clock.now())
                    db.session.commit()
                    db.engine.dispose()
                assert process.stdout.readline() == "1 put back into the queue\n"
            finally:
                process.terminate()


def test_one_round_without_a_database_fails_in_one_line(tmp_path: Path) -> None:
    made_keys(tmp_path)
    environment = {"DATA_DIR": str(tmp_path), "SECRET_KEY": "only for this test, and long enough"}
    command = [sys.executable, "-m", "fundapp", "reconcile"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the database does not answer: no such table")
    assert done.stderr.count("\n") == 1
