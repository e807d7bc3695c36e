"""The start and the end of a run: what is missing is told, what was started is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bed.run import is_running

ROOT = Path(__file__).resolve().parent.parent.parent

CONTROLLER = """
import subprocess, sys
from tests.bed import run
run.Run()
leader = ["sh", "-c", "sleep 600 & echo $!; wait"]
process = subprocess.Popen(leader, stdout=subprocess.PIPE, text=True, start_new_session=True)
run.note_process(process, leads=True)
print(process.pid, process.stdout.readline().strip(), run.folder(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_servers_of_a_run_end_with_it_however_it_ends(how: signal.Signals) -> None:
    command = [sys.executable, "-c", CONTROLLER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as controller:  # type: ignore[call-overload]  # pipes by name
        *pids, folder = controller.stdout.readline().split()
        assert all(is_running(int(pid)) for pid in pids)
        controller.send_signal(how)
    until = time.monotonic() + 20
    while (any(is_running(int(pid)) for pid in pids) or Path(folder).exists()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(is_running(int(pid)) for pid in pids)
    assert not Path(folder).exists()


def test_missing_program_fails_the_run_with_a_sentence() -> None:
    done = nested({"AVOW_TEST_CHROMIUM": "/nowhere/chromium"})
    assert done.returncode == 1
    assert "The tests need chromium and there is none: apt-get install chromium" in done.stderr + done.stdout


def test_missing_program_may_be_named() -> None:
    done = nested({"AVOW_TEST_CHROMIUM": "/nowhere/chromium", "AVOW_TEST_ALLOW_MISSING": "chromium"})
    assert done.returncode == 0, done.stdout
    assert "chromium: none; its tests are skipped" in done.stdout
    assert "SKIPPED [1] tests/bed/test_browser.py" in done.stdout


def nested(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AVOW_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/bed/test_browser.py"]
    return subprocess.run(
        command, cwd=ROOT, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )
