"""A server as operators run it (`avow serve`), with a mail server behind it, for attacks on its connections."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bed.server import NOBODY_CARRIES
from tests.bed.smtp import SmtpSink, smtp_server
from tests.cli.programs import Running
from tests.factories import new_email
from tests.security.calls import Api, OverHttp
from tests.security.production import install, served


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and its project."""

    running: Running
    api: Api
    mails: SmtpSink

    @property
    def port(self) -> int:
        """Return where it listens, on loopback."""
        return self.running.port

    def sign_in(self) -> bool:
        """Sign somebody up with a mailed code; tell whether that worked."""
        login_id = new_email()
        started = self.api.post("/v1/auth/otp/signup-in/email", body={"loginId": login_id})
        if started.status != 200:
            return False
        self.mails.wait(len(self.mails.mails) + (not self.mails.to(login_id)))
        found = re.search(r"\b[0-9]{6}\b", self.mails.to(login_id)[-1].text)
        code = found[0] if found else ""
        return self.api.post("/v1/auth/otp/verify/email", body={"loginId": login_id, "code": code}).status == 200

    def memory(self) -> int:
        """Return the bytes of memory that the process holds."""
        status = Path(f"/proc/{self.running.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def processor_seconds(self) -> float:
        """Return the time that the process has computed."""
        fields = Path(f"/proc/{self.running.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture(scope="module")
def bounds() -> dict[str, str]:
    """Give the variables that the server is started with besides; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, bounds: dict[str, str]) -> Iterator[Served]:
    """Give a server of this module, with limits of requests out of the way."""
    installation = install(tmp_path_factory.mktemp("dos") / "avow")
    limits = ("requests_per_minute", "project_requests_per_minute", "login_id_requests_per_minute", "sends_per_minute")
    said = installation.command("project", "set", *(f"{name}=1000000" for name in limits))
    assert said.code == 0, said.err
    with smtp_server() as mails:
        variables = {**NOBODY_CARRIES, "AVOW_SMTP_HOST": "127.0.0.1", "AVOW_SMTP_PORT": str(mails.port), **bounds}
        with served(installation, **variables) as running:
            url = f"http://localhost:{running.port}"
            api = Api(installation.project_id, OverHttp([url]), url)
            yield Served(running, api, mails)
            assert isinstance(api.carrier, OverHttp)
            api.carrier.close()
