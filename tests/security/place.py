"""Where a case is tried: a project on a back end with the ways into it, and people who have signed in there."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from avow.core.tokens import SigningKey, sign
from avow.server.keys import actions as keys
from avow.server.keys.directory import load
from avow.server.serving import Client, Issued, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.testing.server import Avow, Server
from tests.bed.server import Servers
from tests.factories import make_user, new_email
from tests.security.calls import Answer, Api, InProcess, OverHttp
from tests.security.tables import read_table

# Cases that are not about limits do not meet them.
NO_LIMITS: Mapping[str, Any] = {
    "requests_per_minute": 1_000_000_000,
    "project_requests_per_minute": 1_000_000_000,
    "login_id_requests_per_minute": 1_000_000_000,
    "sends_per_address": 1_000_000_000,
    "sends_per_phone_prefix": 100_000_000,
    "sends_per_minute": 1_000_000_000,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    id: str
    login_id: str
    session_jwt: str = field(repr=False)
    refresh_jwt: str = field(repr=False)

    @property
    def session_id(self) -> str:
        """Return the id of the session."""
        return str(claims_of(self.refresh_jwt)["sid"])


@dataclass(frozen=True, slots=True)
class Place:
    """A project on a running server.

    Attributes:
        avow: The project; its `code`, `link`, `messages`, `run` and `advance` work on every back end.
        api: Its API, raw.
        servers: The processes that serve it; None for the server in this process.
    """

    avow: Avow
    api: Api
    servers: Servers | None = None

    @property
    def http(self) -> OverHttp:
        """Return the carrier of a place that is reached over HTTP."""
        assert isinstance(self.api.carrier, OverHttp)
        return self.api.carrier

    def advance(self, seconds: int) -> None:
        """Move the clock of the server."""
        self.avow.advance(seconds)

    def send_code(self, login_id: str, *, how: str = "signup-in", **body: Any) -> str:
        """Have a code sent by mail, and return it."""
        started = self.api.post(f"/v1/auth/otp/{how}/email", body={"loginId": login_id, **body})
        assert started.status == 200, started.content
        return self.avow.code(login_id)

    def verify_code(self, login_id: str, code: str, **options: Any) -> Answer:
        """Send a code back."""
        return self.api.post("/v1/auth/otp/verify/email", body={"loginId": login_id, "code": code}, **options)

    def sign_in(self, login_id: str | None = None, **body: Any) -> Person:
        """Sign somebody up or in with a code."""
        login_id = login_id or new_email()
        answer = self.verify_code(login_id, self.send_code(login_id, **body))
        return person_of(login_id, answer)

    def send_magic_link(self, login_id: str, *, how: str = "signup-in", **body: Any) -> str:
        """Have a magic link sent by mail, and return its token."""
        started = self.api.post(f"/v1/auth/magiclink/{how}/email", body={"loginId": login_id, **body})
        assert started.status == 200, started.content
        return token_of(self.avow.link(login_id))

    def send_enchanted_link(self, login_id: str, *, how: str = "signup-in", **body: Any) -> tuple[str, str]:
        """Have enchanted links sent by mail; return the token of the right one, and the pending reference."""
        started = self.api.post(f"/v1/auth/enchantedlink/{how}/email", body={"loginId": login_id, **body})
        assert started.status == 200, started.content
        sent = next(message for message in self.avow.messages(login_id) if message.links)
        right = next(link.url for link in sent.links if link.id == started.body["linkId"])
        return token_of(right), started.body["pendingRef"]

    def open_session(self, user_id: str | None = None, *, login_id: str = "", **opening: Any) -> Person:
        """Open a session straight in the database, as a sign-in that has proven who it is."""
        return self.open_sessions(1, user_id, login_id=login_id, **opening)[0]

    def open_sessions(
        self, count: int, user_id: str | None = None, *, login_id: str = "", **opening: Any
    ) -> list[Person]:
        """Open several sessions of one user straight in the database."""
        user = user_id or make_user(self.avow, login_id or None)
        details = Opening(**{"amr": ("email",), **opening})
        client = Client("127.0.0.1", device="test", stores_rotated_tokens=True)

        def unit(tx: Tx) -> list[Issued | Refusal]:
            project = load(tx, self.avow.server.site.settings)
            assert project is not None
            return [sessions.open_session(tx, project, client, user, details) for _ in range(count)]

        return [_signed(user, login_id, issued) for issued in self.avow.run(unit)]

    def signing_key(self) -> SigningKey:
        """Return the active session key with its private half, as only the server has it."""

        def unit(tx: Tx) -> SigningKey:
            rows = keys.published(tx)
            return keys.opened(tx, next(row for row in rows if (row.key_set, row.state) == (keys.SESSION, "active")))

        return self.avow.run(unit)

    def use_algorithm(self, algorithm: str) -> None:
        """Make the session keys of the project keys of another algorithm."""

        def unit(tx: Tx) -> None:
            for _ in range(2):  # the first makes it the next one
                keys.rotate(tx, keys.SESSION, algorithm=algorithm, overlap_seconds=0)

        self.avow.run(unit)
        self.advance(2)

    def rows(self, table: str, order: str = "id") -> list[tuple[object, ...]]:
        """Return the rows of a table that belong to the project."""
        return dump(self.avow, table, order)


def in_process(server: Server, **settings: Any) -> Place:
    """Return a new project on a server in this process."""
    avow = server.project(**{**NO_LIMITS, **settings})
    return Place(avow, Api(avow.project_id, InProcess(server.site), server.site.settings.public_origin))


def on_servers(server: Server, servers: Servers, **settings: Any) -> Place:
    """Return a new project on the processes that share the database of `server`."""
    avow = server.project(**{**NO_LIMITS, **settings})
    return Place(avow, Api(avow.project_id, OverHttp(servers.urls), servers.url), servers)


def person_of(login_id: str, answer: Answer) -> Person:
    """Return who signed in by this answer."""
    assert answer.status == 200, answer.content
    body = answer.body
    return Person(body["user"]["userId"], login_id, body["sessionJwt"], body.get("refreshJwt") or answer.cookie("DSR"))


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token without looking at its signature."""
    claims: dict[str, Any] = json.loads(_part(token, 1))
    return claims


def claims_text(token: str) -> str:
    """Return the claims as the token carries them, for telling whether two tokens say the same."""
    return token.split(".")[1]


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a token."""
    header: dict[str, Any] = json.loads(_part(token, 0))
    return header


def token_of(link: str) -> str:
    """Return the token that a link carries."""
    return parse_qs(urlsplit(link).query)["t"][0]


def dump(avow: Avow, table: str, order: str = "id") -> list[tuple[object, ...]]:
    """Return the rows of a table that belong to the project, for comparing before and after."""
    site = avow.server.site
    return read_table(site.store.url, f"SELECT * FROM {table} WHERE project_id = ? ORDER BY {order}", avow.project_id)


def _part(token: str, number: int) -> bytes:
    part = token.split(".")[number]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signed(user_id: str, login_id: str, issued: Issued | Refusal) -> Person:
    assert isinstance(issued, Issued), issued
    claims = issued.claims
    return Person(user_id, login_id, sign(issued.key, claims.session_token()), sign(issued.key, claims.refresh_token()))
