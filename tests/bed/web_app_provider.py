"""npm oidc-provider as Auth0's guide for Django expects a provider: over https, with its addresses and its tokens."""

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.bed import npm, run
from tests.served import free_port

__all__ = ["AUDIENCE", "CLIENT_ID", "CLIENT_SECRET", "WebAppProvider", "running_web_app_provider"]

AUDIENCE: Final = "https://hello-world.example.com"
CLIENT_ID: Final = "hello-django"
CLIENT_SECRET: Final = "a-secret-of-the-example"
_START_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class WebAppProvider:
    """The provider while it runs.

    Attributes:
        domain: Its host and port.
        authorities: File with the certificate that signs its own.
    """

    domain: str
    authorities: Path

    @property
    def url(self) -> str:
        """Return its address, without a slash at the end."""
        return f"https://{self.domain}"


@contextlib.contextmanager
def running_web_app_provider(node: str, folder: Path, application: str) -> Iterator[WebAppProvider]:
    """Start the provider on a free port of loopback, and stop it.

    Args:
        node: Path of Node.
        folder: Keeps its certificate.
        application: Address of the only application that it knows, without a slash at the end.
    """
    authority, port = trustme.CA(), free_port()
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    (folder / "provider.pem").write_bytes(authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes())
    shutil.copy(npm.SOURCES / "web_app_provider.mjs", npm.FOLDER)
    process = subprocess.Popen(
        [node, "web_app_provider.mjs", str(port), str(folder / "provider.pem"), CLIENT_SECRET, application],
        cwd=npm.FOLDER,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run.note_process(process)
    said: list[str] = []
    is_ready = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            if "ready" in line:
                is_ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if not is_ready.wait(_START_SECONDS):
            raise RuntimeError(f"oidc-provider did not get ready:\n{''.join(said)}")
        yield WebAppProvider(f"localhost:{port}", folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(10)
        run.forget_process(process.pid)
        reader.join()
        if process.stdout:
            process.stdout.close()
