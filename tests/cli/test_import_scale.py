"""`avow user import` at its stated size: 10^5 and 10^6 users in the same memory, in steps that hold nobody up."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bed.counts import is_full
from tests.cli import programs
from tests.cli.programs import SECRET_KEY
from tests.cli.programs import in_process as avow

SIZES = (100_000, 1_000_000) if is_full() else (10_000, 20_000)
MOST_GROWTH = 1.10

# Runs the command in a process of its own, and says how much memory it took at most, and for how long it ran.
_MEASURED = """
import json, re, sys, time
from click.testing import CliRunner
from avow.cli.commands import avow
begun = time.monotonic()
done = CliRunner().invoke(avow, sys.argv[1:])
seconds = time.monotonic() - begun
status = open("/proc/self/status").read()  # ru_maxrss would begin with that of the parent
peak = int(re.search(r"VmHWM:\\s+([0-9]+) kB", status)[1])
print(json.dumps({"said": done.stdout, "code": done.exit_code, "peak_kib": peak, "seconds": seconds}))
"""


def write(path: Path, count: int) -> None:
    """Write users with a bad line after each ten thousand."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            email = f"user-{number:07}@example.com"
            file.write(f'{{"loginId": "{email}", "verifiedEmail": true, "name": "User {number}"}}\n')
            if number % 10_000 == 9_999:
                file.write("bad\n")


def measured(variables: Mapping[str, str], *arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *map(str, arguments)],
        env=programs.environment(variables),
        capture_output=True,
        text=True,
        timeout=3600,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, **json.loads(found["said"])}


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(7200 if is_full() else 300)
def test_memory_does_not_grow_with_the_file(
    ready_database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    variables = {"AVOW_DATABASE_URL": ready_database_url, "AVOW_SECRET_KEY": SECRET_KEY}
    peaks = []
    for count in SIZES:
        name = f"Shop {count}"
        assert avow("project", "create", name, variables=variables).code == 0
        file = tmp_path / f"{count}.jsonl"
        write(file, count)
        said = measured(variables, "user", "import", file, "--project", name, "--json")
        refused = count // 10_000
        assert (said["created"], said["refused"], said["finished"]) == (count, refused, True)
        rate = round(count / said["seconds"])
        record_property(f"{count} users", f"{rate} a second, at most {said['peak_kib']} KiB")
        peaks.append(said["peak_kib"])
        file.unlink()
    assert peaks[1] <= peaks[0] * MOST_GROWTH, peaks
