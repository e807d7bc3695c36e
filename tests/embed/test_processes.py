"""Processes that share one file: they take turns by its lock, and each does the work in the background too."""

import fcntl
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from avow import DeliveryMethod
from avow.core.ids import secret_text
from avow.embed.embedded import Embedded
from tests.bed.smtp import SmtpSink
from tests.embed.conftest import database
from tests.embed.shops import Shop, again, environment_of, made_project, opened
from tests.factories import new_email

# Signs up so many people as fast as it can, together with whoever else does.
PROGRAM = """
import json, sys
from avow.embed.embedded import Embedded

said, name, count = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
avow = Embedded(**said)
client = avow.client()
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    client.mgmt.user.create(f"{name}-{number}@example.com", email=f"{name}-{number}@example.com")
print(json.dumps(count))
"""
PEOPLE = 40


@pytest.fixture
def said(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Give what applications on one SQLite file say."""
    with database("sqlite", request) as url:
        secret_key = secret_text()
        project_id, key = made_project(url, secret_key)
        yield {
            "base_url": "http://localhost:8000/auth",
            "database_url": url,
            "secret_key": secret_key,
            "project_id": project_id,
            "management_key": key,
            "development": True,
        }


def test_processes_on_one_file_take_turns(said: dict[str, Any], tmp_path: Path) -> None:
    environment = environment_of(tmp_path, {}, 0)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(said), name, str(PEOPLE)],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("mia", "ida")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = [process.communicate("go\n", timeout=60)[0] for process in processes]
    assert answers == [f"{PEOPLE}\n"] * 2
    assert [process.returncode for process in processes] == [0, 0]
    avow = Embedded(**said)
    found: Any = avow.client().mgmt.user.search_all(limit=100)
    avow.close()
    assert len(found["users"]) == 2 * PEOPLE


def test_nothing_is_written_while_another_process_holds_the_lock(said: dict[str, Any]) -> None:
    avow = Embedded(**said)
    client = avow.client()
    client.mgmt.user.create("first@example.com")
    done = threading.Event()
    lock = Path(urlsplit(said["database_url"]).path).with_suffix(".sqlite3.lock")
    with lock.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: (client.mgmt.user.create("second@example.com"), done.set()))
        thread.start()
        assert not done.wait(0.5)
        assert client.mgmt.user.load("first@example.com")  # readers wait for nobody
        fcntl.flock(file, fcntl.LOCK_UN)
    assert done.wait(20)
    thread.join()
    avow.close()


def test_limits_are_counted_together(said: dict[str, Any]) -> None:
    avow, other = Embedded(**said), Embedded(**said)
    counter = [("limit", int(time.time()) + 3600)]
    assert [avow.site.kv.add(counter), other.site.kv.add(counter), avow.site.kv.add(counter)] == [[1], [2], [3]]
    avow.close()
    other.close()


def test_message_of_a_process_that_ended_is_sent_by_another(said: dict[str, Any]) -> None:
    avow, other = Embedded(**said), Embedded(**said)
    avow.start()
    avow.site.courier.stop()
    mail = new_email()
    avow.client().otp.sign_up_or_in(DeliveryMethod.EMAIL, mail)
    avow.close()
    other.start()
    until = time.monotonic() + 20
    while not other.inbox.messages(mail):
        assert time.monotonic() < until
        time.sleep(0.01)
    other.close()


@pytest.fixture(params=["flask", "django-wsgi", "fastapi"])
def stopping_shop(
    request: pytest.FixtureRequest, mails: SmtpSink, django_template: Path, tmp_path: Path
) -> Iterator[Shop]:
    with (
        database("sqlite", request) as url,
        opened(request.param, tmp_path / "shop", url, mails, django_template) as started,
    ):
        yield started


def test_application_ends_in_order_and_begins_again_with_everything(stopping_shop: Shop) -> None:
    session = stopping_shop.sign_in(new_email("before"))
    code = stopping_shop.stop()
    assert code in (0, -15), stopping_shop.log  # uvicorn ends itself by the signal that it was sent
    assert "Traceback" not in stopping_shop.log
    later = again(stopping_shop)
    later.start()
    answered = later.get("/", cookie=f"__Host-avow-refresh-token={session['refreshJwt']}")
    assert answered.status == 200
    assert session["user"]["userId"] in answered.body.decode()
    later.stop()
