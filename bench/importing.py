"""`avow user import` of as many users as there are sizes: how fast it is, and what memory it takes at most."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avow.clock import system_clock
from avow.core.vault import Vault
from avow.server.projects import actions as projects
from avow.server.roles import actions as roles
from avow.server.store import Tx, create, open_store
from avow.server.tenants import actions as tenants
from bench.served import SECRET_KEY

__all__ = ["main"]

_FLAT_FROM = 100_000
_MOST_MEMORY = 1.1
_HASH = "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"
_TENANTS = 100
_EVERY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Imported:
    """One import."""

    count: int
    seconds: float
    megabytes: float


def main(database: str, sizes: Sequence[int], urls: Iterator[str]) -> bool:
    """Import files of each size into empty databases and print; return whether memory stays the same."""
    print(f"\navow user import on {database}, users with address, role, tenant and bcrypt hash")
    print(f"{'users':>11}  {'per s':>8}  {'peak MB':>8}")
    done: list[Imported] = []
    for size in sizes:
        each = _imported(next(urls), size)
        done.append(each)
        print(f"{each.count:>11,}  {each.count / each.seconds:8,.0f}  {each.megabytes:8.1f}", flush=True)
    large = [each for each in done if each.count >= _FLAT_FROM]
    if len(large) < 2:
        return True
    ratio = large[-1].megabytes / large[0].megabytes
    is_held = ratio <= _MOST_MEMORY
    verdict = "within" if is_held else "OVER"
    print(f"peak memory, {large[-1].count:,} / {large[0].count:,}: {ratio:.2f}  {verdict}: at most {_MOST_MEMORY}")
    return is_held


def _imported(url: str, size: int) -> Imported:
    """Run the command in a process of its own, and look at its peak until it ends."""
    _found(url)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "users.jsonl"
        with file.open("w") as out:
            out.writelines(_line(number) for number in range(size))
        command = [sys.executable, "-m", "avow.cli", "user", "import", str(file), "--json"]
        environment = {**os.environ, "AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": SECRET_KEY}
        with tempfile.TemporaryFile() as said:
            began = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, _peak_megabytes(process.pid))
                time.sleep(_EVERY_SECONDS)
            seconds = time.perf_counter() - began
            said.seek(0)
            answer = said.read().decode()
    if process.returncode or json.loads(answer)["created"] != size:
        raise RuntimeError(f"the import failed: {answer[-2000:]}")
    return Imported(size, seconds, peak)


def _peak_megabytes(pid: int) -> float:
    """Return the most memory that a process has had, 0 when it has just ended. `wait4` would count its parent's too."""
    try:
        said = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", said)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _found(url: str) -> None:
    create(url)
    store = open_store(url, vault=Vault.from_text(SECRET_KEY), clock=system_clock, pool_size=1)
    try:
        store.run(projects.new_id(system_clock()), _fill)
    finally:
        store.close()


def _fill(tx: Tx) -> None:
    projects.create(tx, "Import")
    roles.create(tx, "Editor", actor="bench")
    for number in range(_TENANTS):
        tenants.create(tx, f"Tenant {number}", tenant_id=f"T{number}", actor="bench")


def _line(number: int) -> str:
    address = f"mia-{number}@example.com"
    user = {
        "loginId": address,
        "email": address,
        "verifiedEmail": True,
        "name": f"Mia Example {number}",
        "roleNames": ["Editor"],
        "userTenants": [{"tenantId": f"T{number % _TENANTS}", "roleNames": ["Editor"]}],
        "passwordHash": _HASH,
    }
    return json.dumps(user) + "\n"
