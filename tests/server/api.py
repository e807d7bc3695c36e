"""How server tests call a route: one request in the process, its answer read, and the statements it ran counted."""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import avow.server
from avow.server.site import answer
from avow.server.store import Tx
from avow.server.visit import Request
from avow.testing.server import Avow
from tests.factories import new_email

START = 1_800_000_000
PAGE = "https://app.example.com/verify"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers in order, and the decoded body."""

    status: int
    headers: list[tuple[str, str]]
    body: Any

    def __getitem__(self, name: str) -> Any:
        assert self.status == 200, self.body
        return self.body[name]

    @property
    def refusal(self) -> tuple[int, str]:
        """Return status and code of a refused call."""
        return self.status, self.body.get("errorCode", "")

    def header(self, name: str) -> str:
        """Return the one header of this name, or ""."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1
        return found[0] if found else ""


class Api:
    """A caller of one project's routes."""

    def __init__(self, project: Avow) -> None:
        self.avow = project
        self.clock = project.server.clock

    def post(self, path: str, body: object = None, *, token: str = "", **headers: str) -> Reply:
        """Send a POST with a JSON body; `token` is a refresh token or a key."""
        return self._send("POST", path, "", json.dumps({} if body is None else body).encode(), token, headers)

    def get(self, path: str, query: Mapping[str, str] | None = None, *, token: str = "", **headers: str) -> Reply:
        """Send a GET; `token` is a refresh token or a key."""
        return self._send("GET", path, urlencode(query or {}), b"", token, headers)

    def send(self, verb: str, path: str, body: object = None, *, token: str = "", query: str = "") -> Reply:
        """Send a JSON body with another verb, or beside a query; `token` is a key."""
        return self._send(verb, path, query, json.dumps({} if body is None else body).encode(), token, {})

    def sign_in(
        self, login_id: str | None = None, options: Mapping[str, object] | None = None, **headers: str
    ) -> Reply:
        """Sign somebody in with a code by e-mail, who is created if need be; return the answer with the session."""
        login_id = login_id or new_email()
        body = {"loginId": login_id, "loginOptions": options}
        assert self.post("/v1/auth/otp/signup-in/email", body).status == 200
        return self.verify_code(login_id, self.avow.code(login_id), **headers)

    def verify_code(self, login_id: str, code: str, method: str = "email", **headers: str) -> Reply:
        """Take a code back."""
        return self.post(f"/v1/auth/otp/verify/{method}", {"loginId": login_id, "code": code}, **headers)

    def link_token(self, address: str) -> str:
        """Return the token of the newest link sent to an address."""
        return token_of(self.avow.link(address))

    def refresh(self, token: str) -> Reply:
        """Refresh a session."""
        return self.post("/v1/auth/refresh", token=token)

    def _send(self, verb: str, path: str, query: str, body: bytes, token: str, headers: Mapping[str, str]) -> Reply:
        project = self.avow.project_id
        sent = {"authorization": f"Bearer {project}:{token}" if token else f"Bearer {project}"}
        if body:
            sent["content-type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(verb, path, query, sent, body, "203.0.113.7", len(sent))
        response = answer(self.avow.server.site, request)
        return Reply(response.status, response.headers, json.loads(response.body) if response.body else None)


def token_of(link: str) -> str:
    """Return the `t` of a link."""
    return parse_qs(urlsplit(link).query)["t"][0]


def wrong(code: str) -> str:
    """Return another code of the same length."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def said(token: str) -> str:
    """Return what a token says, without its signature, which differs each time."""
    return token.rpartition(".")[0]


# --- Statements --------------------------------------------------------------------------------------------------


class Statements:
    """Records which statements units run, by the names of their constants: `sessions.CONTINUE`.

    Left out are the look at a project's version, once a second and project, the counts of rate limits, which a
    server without Valkey keeps in PostgreSQL, and units of no project: the housekeeper comes by every minute.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: list[str] = []
        self._names = dict(_named())
        for method in ("one", "all", "run"):
            monkeypatch.setattr(Tx, method, self._recording(getattr(Tx, method)))

    def __enter__(self) -> Self:
        self.ran.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self.ran = [name for name in self.ran if name != "projects.FIND_VERSION" and " INTO kv " not in name]

    def _recording(self, method: Any) -> Any:
        def recorded(tx: Tx, sql: str, /, *args: Any, **params: Any) -> Any:
            if tx.project_id:
                self.ran.append(self._names.get(sql, sql))
            return method(tx, sql, *args, **params)

        return recorded


def _named() -> Iterator[tuple[str, str]]:
    """Return every statement of the server with the name of its constant."""
    for module in _rows_modules():
        slice_name = module.__name__.split(".")[-2]
        for name, value in vars(module).items():
            if isinstance(value, str) and name.isupper():
                yield value, f"{slice_name}.{name}"


def _rows_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(avow.server.__path__, "avow.server."):
        if found.name.endswith(".rows"):
            yield importlib.import_module(found.name)
