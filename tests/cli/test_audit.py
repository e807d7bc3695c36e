"""`avow audit tail`: the newest events as lines, and those to come."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from avow.core.vault import Vault
from avow.server.store import Tx, open_store
from tests.cli.programs import in_process as avow


def note(
    installation: dict[str, str], *actions: str, user_id: str = "", tenant_id: str = "", address: str = ""
) -> None:
    """Write events, as a server does."""
    store = open_store(installation["AVOW_DATABASE_URL"], vault=Vault.from_text(installation["AVOW_SECRET_KEY"]))

    def unit(tx: Tx) -> None:
        for action in actions:
            tx.audit(action, user_id=user_id, tenant_id=tenant_id, address=address)

    store.run(installation["PROJECT_ID"], unit)
    store.close()


def test_newest_events_are_shown_the_oldest_first(installation: dict[str, str]) -> None:
    note(installation, "test.one", user_id="U1", tenant_id="T1", address="203.0.113.7")
    time.sleep(1.1)  # events bear whole seconds
    note(installation, "test.two")
    ours = ("--action", "test.one", "--action", "test.two")
    lines = avow("audit", "tail", "-n", "2", *ours, variables=installation).out.splitlines()
    assert re.fullmatch(
        r"[\d-]{10} [\d:]{8}  info   test\.one  by=anyone user=U1 tenant=T1 from=203\.0\.113\.7", lines[0]
    )
    assert "test.two" in lines[1]
    assert len(avow("audit", "tail", "-n", "1", *ours, variables=installation).out.splitlines()) == 1


def test_json_is_what_the_search_answers_one_event_a_line(installation: dict[str, str]) -> None:
    note(installation, "test.one", user_id="U1")
    said = avow("audit", "tail", "--json", "--action", "test.one", variables=installation)
    event = json.loads(said.out)
    assert (event["action"], event["userId"], event["occurred"][-3:]) == ("test.one", "U1", "000")


@pytest.mark.parametrize(("option", "value"), [("--action", "test.two"), ("--user", "U2"), ("--tenant", "T2")])
def test_only_what_is_asked_for_is_shown(installation: dict[str, str], option: str, value: str) -> None:
    note(installation, "test.one", user_id="U1", tenant_id="T1")
    note(installation, "test.two", user_id="U2", tenant_id="T2")
    assert [
        line.split()[3] for line in avow("audit", "tail", option, value, variables=installation).out.splitlines()
    ] == ["test.two"]


def test_nobody_writes_to_the_terminal_through_an_event(installation: dict[str, str]) -> None:
    note(installation, "test.\x1b[2Jone\r\nforged", user_id="U\u202e1\x07")
    said = avow("audit", "tail", "--user", "U\u202e1\x07", variables=installation).out
    assert said.count("\n") == 1
    assert r"test.\x1b[2Jone\r\nforged" in said
    assert r"U\u202e1\x07" in said
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(said)


# A shell that runs the tests in the background has them, and what they start, ignore Ctrl-C.
_AT_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from avow.cli import main
main()
"""


@contextmanager
def following(installation: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Run `avow audit tail --follow` in a process of its own."""
    command = [sys.executable, "-c", _AT_A_TERMINAL, "audit", "tail", "--follow", "-n", "1", "--action", "test.one"]
    running = subprocess.Popen(
        command,
        env={**os.environ, **installation},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def test_followed_events_come_once_each_until_ctrl_c(installation: dict[str, str]) -> None:
    note(installation, "test.one", user_id="U1")
    with following(installation) as running:
        assert running.stdout is not None
        seen = [running.stdout.readline()]
        for number in (2, 3):
            note(installation, "test.one", "test.other", user_id=f"U{number}")
            seen.append(running.stdout.readline())
        time.sleep(1.5)
        running.send_signal(signal.SIGINT)
        rest, said = running.communicate(timeout=20)
        assert (rest, said, running.returncode) == ("", "", 0)
    assert [re.findall(r"user=(\w+)", line) for line in seen] == [["U1"], ["U2"], ["U3"]]


def test_reader_that_has_enough_ends_it_quietly(installation: dict[str, str]) -> None:
    note(installation, "test.one", user_id="U1")
    with following(installation) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        note(installation, "test.one", user_id="U2")
        assert running.stderr is not None
        assert (running.stderr.read(), running.wait(20)) == ("", 0)
