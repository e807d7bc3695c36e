"""Start to first answer, idle memory, import time of the SDK, and how soon `avow.testing` is ready."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.load import Process, running

_RUNS = 9
_AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}  # the first run compiles, whatever the shell says
_OFFICIAL = "import descope"
_OURS = "import avow; avow.Client"
_TESTING = """
import time
begun = time.perf_counter()
from avow import DeliveryMethod
from avow.testing.server import Server
server = Server()
client = server.project().client()
client.otp.sign_up_or_in(DeliveryMethod.EMAIL, "mia@example.com")
print(time.perf_counter() - begun)
"""


def main() -> bool:
    """Measure and print; return whether the bars hold."""
    print(f"\nStarting, median of {_RUNS} runs")
    with tempfile.TemporaryDirectory() as folder:
        starts, memory = _served(Path(folder))
    official, ours = _imports(_OFFICIAL), _imports(_OURS)
    testing = statistics.median(float(_said(_TESTING)) for _ in range(_RUNS))
    return all(
        (
            _line("avow dev, start to first answer", statistics.median(starts), "s", 0.6),
            _line("idle memory of one worker", statistics.median(memory), "MB", 60),
            _line("import of the client / official SDK", ours / official, "", 0.5),
            _line("avow.testing, import to first sign-up", testing, "s", 0.3),
        )
    )


def _served(folder: Path) -> tuple[list[float], list[float]]:
    """Start `avow dev` on data that is there already; return seconds and megabytes of each run."""
    starts, memory = [], []
    command = [sys.executable, "-m", "avow.cli", "dev", "--port", "{port}", "--data", str(folder / "data"), "--json"]
    for number in range(_RUNS + 1):
        with running(command, environment=_AS_INSTALLED) as server:
            if number:  # the first run makes project and keys
                starts.append(server.start_seconds)
                memory.append(_idle(server))
    return starts, memory


def _idle(server: Process) -> float:
    return server.resident_megabytes()


def _imports(statement: str) -> float:
    """Return the seconds that a statement takes in a fresh interpreter, median of the runs, without the bare start."""
    timed = (
        f"import json, time; begun = time.perf_counter(); {statement}; print(json.dumps(time.perf_counter() - begun))"
    )
    return statistics.median(json.loads(_said(timed)) for _ in range(_RUNS))


def _said(code: str) -> str:
    environment = {**os.environ, **_AS_INSTALLED}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout


def _line(title: str, value: float, unit: str, at_most: float) -> bool:
    is_held = value <= at_most
    print(
        f"{title}: {value:.2f} {unit}  {'within' if is_held else 'OVER'}: at most {at_most} {unit}".rstrip(), flush=True
    )
    return is_held


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
