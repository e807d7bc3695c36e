"""Apache with a configuration of its own, on ports of loopback: modules of others protect pages there."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.bed import run
from tests.bed.programs import modules_of

__all__ = ["running_apache"]

_START_SECONDS: Final = 20
_MODULES: Final = ("mpm_event", "authn_core", "authz_core", "authz_user", "mime", "dir")
_BASE: Final = """
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/pid"
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/log"
LogLevel info
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
TypesConfig /dev/null
DocumentRoot "{folder}/pages"
"""
# Apache is not made to serve as root: it becomes nobody, whose number is the same wherever it has a name.
_USER: Final = "User #65534\nGroup #65534\n"


@contextlib.contextmanager
def running_apache(apache: str, module: str, ports: Sequence[int], configuration: str) -> Iterator[Path]:
    """Start Apache in the foreground, and stop it; give its folder, which has its `log`, and its `pages`.

    Args:
        apache: Path of the program.
        module: The module that the configuration is about, such as `auth_openidc`.
        ports: Those that it listens on; the configuration has a virtual host for each.
        configuration: Text in Apache's words; `{folder}` stands for the folder.
    """
    # Not a folder of the test: other users do not reach those of root.
    folder = run.folder() / f"apache-{secrets.token_hex(4)}"
    (folder / "pages").mkdir(parents=True)
    folder.chmod(0o755)
    loaded = [f'LoadModule {each}_module "{modules_of(apache)}/mod_{each}.so"' for each in (*_MODULES, module)]
    listening = [f"Listen 127.0.0.1:{port}" for port in ports]
    base = _BASE + (_USER if os.geteuid() == 0 else "")
    text = "\n".join((*loaded, *listening, base, configuration)).replace("{folder}", str(folder))
    (folder / "httpd.conf").write_text(text)
    process = subprocess.Popen(
        [apache, "-D", "FOREGROUND", "-f", str(folder / "httpd.conf")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run.note_process(process)
    try:
        _wait(process, ports, folder)
        yield folder
    finally:
        process.terminate()
        process.communicate(timeout=20)
        run.forget_process(process.pid)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[str], ports: Sequence[int], folder: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    for port in ports:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            log = folder / "log"
            said = log.read_text() if log.exists() else ""
            if process.poll() is not None:
                raise RuntimeError(f"Apache has ended:\n{process.communicate()[0]}{said}")
            if time.monotonic() > until:
                raise RuntimeError(f"Apache did not get ready:\n{said}")
            time.sleep(0.02)
