"""Applications made from the blocks of docs/embedded.md, each with Avow inside it, served by real servers."""

import contextlib
import dataclasses
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from avow.core.ids import secret_text
from avow.core.vault import Vault
from avow.server.founding import found
from avow.server.projects import actions as projects
from avow.server.store import Tx, ensure, open_store
from avow.server.visit import Request, Response
from tests.bed import run
from tests.bed.smtp import SmtpSink
from tests.served import free_port
from tests.server.pages.browsing import FIREFOX, Browser

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "embedded.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^`([\w./]+)`(?: \((added)\))?:\n\n```py\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PATIENCE_SECONDS = 30

# Every connection that the application's process makes, but those to the mail server, is refused and written down.
_GUARD = """
import os, socket

connect = socket.socket.connect

def refuse(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[1] != int(os.environ["MAIL_PORT"]):
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{address}\\n")
        raise OSError("this process reaches nobody")
    return connect(self, address)

socket.socket.connect = refuse
"""
# What serves each kind of application.
_GUNICORN = (
    "gunicorn",
    "--preload",
    "--workers",
    "2",
    "--threads",
    "3",
    "--bind",
    "127.0.0.1:{port}",
    "--log-level",
    "warning",
)
_UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--loop", "asyncio", "--log-level", "warning")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "flask": (*_GUNICORN, "shop:app"),
    "fastapi": (*_UVICORN, "shop:app"),
    "django-wsgi": (*_GUNICORN, "mysite.wsgi"),
    "django-asgi": (*_UVICORN, "mysite.asgi:application"),
}
KINDS = tuple(COMMANDS)


@dataclass
class Shop:
    """A running application.

    Attributes:
        kind: Of `KINDS`.
        folder: Its files.
        url: Its address; Avow is below `/auth`.
        database_url: Avow's data.
        project_id, management_key: Of the project in there.
        mails: The mail server that Avow sends by.
        environment: What its process is given.
    """

    kind: str
    folder: Path
    url: str
    database_url: str
    project_id: str
    management_key: str
    mails: SmtpSink
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def base_url(self) -> str:
        return f"{self.url}/auth"

    @property
    def login_path(self) -> str:
        return "/auth/login/" if self.kind.startswith("django") else "/auth/login"

    @property
    def connections(self) -> list[str]:
        """Return whom the application's process has tried to reach."""
        file = Path(self.environment["CONNECTIONS"])
        return file.read_text().splitlines() if file.exists() else []

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def mail(self, address: str) -> str:
        """Wait for the newest mail to an address and return its text."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            if found := self.mails.to(address):
                return found[-1].text
            time.sleep(0.02)
        raise AssertionError(f"nothing was sent to {address}\n{self.log}")

    def code(self, address: str) -> str:
        return re.findall(r"\b\d{6}\b", self.mail(address))[0]

    def post(self, path: str, body: object, bearer: str = "", **headers: str) -> tuple[int, Any]:
        """Call the API as a program does."""
        sent = {"Authorization": f"Bearer {bearer or self.project_id}", "Content-Type": "application/json", **headers}
        answered = exchange(self.url, Request("POST", path, "", sent, json.dumps(body).encode(), ""))
        return answered.status, json.loads(answered.body)

    def get(self, path: str, **headers: str) -> Response:
        parts = urlsplit(path)
        return exchange(self.url, Request("GET", parts.path, parts.query, headers, b"", ""))

    def sign_in(self, address: str) -> dict[str, Any]:
        """Sign somebody up or in through the API, and return the answer."""
        assert self.post("/auth/v1/auth/otp/signup-in/email", {"loginId": address})[0] == 200
        status, session = self.post("/auth/v1/auth/otp/verify/email", {"loginId": address, "code": self.code(address)})
        assert status == 200, session
        answered: dict[str, Any] = session
        return answered

    def start(self) -> None:
        """Serve, and wait for the first answer of Avow."""
        command = [word.format(port=urlsplit(self.url).port) for word in COMMANDS[self.kind]]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        run.note_process(self.process)
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with contextlib.suppress(OSError):
                if self.get("/auth/healthz").status == 200:
                    return
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.05)

    def stop(self) -> int:
        """Stop as an operator does; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_PATIENCE_SECONDS)
        run.forget_process(self.process.pid)
        self.process = None
        return code


class HttpBrowser(Browser):
    """A browser without a screen on a running application."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.metadata = True
        self.cookies = {}
        self.headers = {"accept": "text/html,*/*;q=0.8", "user-agent": FIREFOX, **headers}
        self.set_cookies: list[str] = []

    def _is_own(self, url: str) -> bool:
        return url.startswith(f"{self.url}/")

    def _send(self, request: Request) -> Response:
        response = exchange(self.url, request)
        self.set_cookies += [value for name, value in response.headers if name == "set-cookie"]
        return response


def exchange(url: str, request: Request) -> Response:
    """Send one request to the host of an address."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 80, timeout=20)
    try:
        path = request.path + (f"?{request.query}" if request.query else "")
        headers = {"host": urlsplit(url).netloc, **{name.lower(): value for name, value in request.headers.items()}}
        connection.request(request.verb, path, request.body or None, headers)
        answer = connection.getresponse()
        given = [(name.lower(), value) for name, value in answer.getheaders()]
        return Response(answer.status, given, answer.read())
    finally:
        connection.close()


def made_project(database_url: str, secret_key: str, **settings: object) -> tuple[str, str]:
    """Make tables where there are none, and a project; return its id and a management key."""
    ensure(database_url)
    store = open_store(database_url, vault=Vault.from_text(secret_key), durable=False)
    project_id = projects.new_id(int(time.time()))

    def unit(tx: Tx) -> str:
        key = found(tx, "Shop").management_key
        projects.change_settings(tx, settings, actor="test")
        return key

    key = store.run(project_id, unit)
    store.close()
    return project_id, key


def written(kind: str, folder: Path, django_template: Path, settings: str = "") -> None:
    """Write the files of an application; `settings` are added to those of a Django project."""
    folder.mkdir(exist_ok=True)
    section = {"flask": "## Flask", "fastapi": "## FastAPI"}.get(kind, "## Django")
    text = PAGE.partition(f"\n{section}\n")[2].partition("\n## ")[0]
    if kind.startswith("django"):
        shutil.copytree(django_template, folder, dirs_exist_ok=True)
    for name, added, code in BLOCK.findall(text):
        with (folder / name).open("a" if added else "w", encoding="utf-8") as file:
            file.write(f"\n{code}")
    if settings:
        with (folder / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
            file.write(settings)
    guard = folder / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(_GUARD, encoding="utf-8")


def environment_of(folder: Path, settings: Mapping[str, str], mail_port: int) -> dict[str, str]:
    """Return what the process of an application is given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AVOW_", "DESCOPE_"))}
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join([str(folder / "guard"), str(ROOT / "src"), str(folder)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONNECTIONS": str(folder / "connections"),
        "MAIL_PORT": str(mail_port),
        **settings,
    }


@contextlib.contextmanager
def opened(
    kind: str, folder: Path, database_url: str, mails: SmtpSink, django_template: Path, settings: str = ""
) -> Iterator[Shop]:
    """Serve an application over a database, with a project in it, until the end; `settings` are added to Django's."""
    url, secret_key = f"http://localhost:{free_port()}", secret_text()
    project_id, key = made_project(database_url, secret_key, approved_redirects=(url,))
    written(kind, folder, django_template, settings)
    told = {
        "AVOW_BASE_URL": f"{url}/auth",
        "AVOW_DATABASE_URL": database_url,
        "AVOW_SECRET_KEY": secret_key,
        "AVOW_PROJECT_ID": project_id,
        "AVOW_MANAGEMENT_KEY": key,
        "AVOW_SMTP_HOST": mails.host,
        "AVOW_SMTP_PORT": str(mails.port),
        "AVOW_SMTP_SECURITY": "none",
        "AVOW_MAIL_FROM": "shop@example.com",
    }
    shop = Shop(kind, folder, url, database_url, project_id, key, mails)
    shop.environment = environment_of(folder, told, mails.port)
    shop.start()
    try:
        yield shop
    finally:
        if shop.process is not None:
            shop.stop()


def again(shop: Shop, **settings: str) -> Shop:
    """Return the same application with other settings, not started."""
    return dataclasses.replace(shop, environment={**shop.environment, **settings}, process=None)
