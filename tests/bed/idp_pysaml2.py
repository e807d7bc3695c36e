"""pysaml2 as an identity provider: signs one person in without asking, says what it is told to, and can be turned.

It runs in a process of its own (it warns of much) and needs the program xmlsec1. Requests have to be signed when the
service provider's metadata says that they are.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import run
from tests.bed.idp_simplesamlphp import key_pair
from tests.bed.idp_visit import Person

__all__ = ["AES_CBC", "AES_GCM", "PASSWORD", "PySaml2", "running_pysaml2"]

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
AES_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
AES_CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class PySaml2:
    """A running pysaml2.

    Attributes:
        url: Where it is served.
        folder: Its keys and settings.
        certificate: PEM of the key that signs.
    """

    url: str
    folder: Path
    certificate: str

    @property
    def entity_id(self) -> str:
        """Return its name."""
        return f"{self.url}/metadata"

    @property
    def metadata_url(self) -> str:
        """Return where it describes itself."""
        return self.entity_id

    @property
    def sso_url(self) -> str:
        """Return where requests go."""
        return f"{self.url}/sso"

    def begin(self, person: Person) -> None:
        """Trust nobody, sign this person in, and forget what was."""
        for name in ("requests", "errors"):
            (self.folder / name).unlink(missing_ok=True)
        _write(self.folder, _untouched(self, person))

    def trust(self, sp_metadata: str) -> None:
        """Take requests of a service provider from now on.

        Args:
            sp_metadata: Its metadata, XML.
        """
        self.turn(trusted=[*_settings(self.folder)["trusted"], sp_metadata])

    def know(self, person: Person) -> None:
        """Sign in somebody else from now on."""
        self.turn(name=person.name, attributes=person.attributes)

    def turn(self, **settings: Any) -> None:
        """Do otherwise from now on.

        Args:
            settings: `context` (the class of the sign-in), `is_response_signed`, `is_assertion_signed`,
                `is_encrypted` and `content` (the algorithm, AES_GCM or AES_CBC).
        """
        _write(self.folder, _settings(self.folder) | settings)

    @property
    def requests(self) -> list[str]:
        """Return the ids of the requests that it answered."""
        return _noted(self.folder / "requests")

    @property
    def errors(self) -> list[str]:
        """Return what it refused, and why."""
        return _noted(self.folder / "errors")


@contextlib.contextmanager
def running_pysaml2(person: Person) -> Iterator[PySaml2]:
    """Give a running pysaml2 that signs in this person."""
    folder = run.folder() / f"pysaml2-{run.worker_number()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o700)
    key, certificate = key_pair("pysaml2")
    (folder / "idp.key").write_text(key, encoding="utf-8")
    (folder / "idp.crt").write_text(certificate, encoding="utf-8")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bed.idp_pysaml2_server", str(folder)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    run.note_process(process)
    try:
        started = PySaml2(f"http://localhost:{_port(folder, process)}", folder, certificate)
        started.begin(person)
        yield started
    finally:
        process.terminate()
        process.wait(timeout=20)
        run.forget_process(process.pid)
        shutil.rmtree(folder, ignore_errors=True)


def _untouched(idp: PySaml2, person: Person) -> dict[str, Any]:
    return {
        "url": idp.url,
        "name": person.name,
        "attributes": person.attributes,
        "context": PASSWORD,
        "is_response_signed": False,
        "is_assertion_signed": True,
        "is_encrypted": False,
        "content": AES_GCM,
        "trusted": [],
    }


def _port(folder: Path, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + 30
    while not (folder / "port").exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"pysaml2 did not start:\n{(folder / 'log').read_text(encoding='utf-8')}")
        time.sleep(0.02)
    return int((folder / "port").read_text(encoding="ascii"))


def _settings(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return found


def _write(folder: Path, settings: dict[str, Any]) -> None:
    unfinished = folder / "settings.new"
    unfinished.write_text(json.dumps(settings), encoding="utf-8")
    unfinished.rename(folder / "settings.json")


def _noted(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [str(json.loads(line)) for line in lines]
