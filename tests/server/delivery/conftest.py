"""What the tests of delivery share: a store with one project, and a short way to queue a message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from avow.core.vault import Vault
from avow.server.delivery.actions import Message, Notice, Parameters, notify, queue
from avow.server.delivery.courier import Courier
from avow.server.delivery.messages import Method, Rendered
from avow.server.delivery.senders import Sender
from avow.server.serving import Client, Project
from avow.server.store import Store, Tx, create, open_store
from avow.testing.clock import FileClock
from avow.wire.projects import ProjectSettings

PROJECT_ID = "P2testdelivery"
CODE = "739182"
SECRET_KEY = "a secret key of a test, long enough"
NOW = 1_790_000_000

_INSERT_PROJECT = """
INSERT INTO projects (id, name, environment, version, issuer_host, created_at)
VALUES (:project_id, :name, '', 1, NULL, :now)
"""
_INSERT_CHALLENGE = """
INSERT INTO challenges
  (project_id, id, purpose, subject, mac, binding, attempts_left, created_at, expires_at)
VALUES (:project_id, :id, 'otp', :id, :mac, '{}', 5, :now, :expires_at)
"""
_DELETE_CHALLENGE = "DELETE FROM challenges WHERE project_id = :project_id AND id = :id"
_OUTBOX = """
SELECT state, attempts, due_at, sealed, error, locale FROM outbox
WHERE project_id = :project_id ORDER BY created_at, id
"""
_AUDIT = "SELECT action FROM audit_events WHERE project_id = :project_id ORDER BY occurred_at"


@dataclass(frozen=True)
class OutboxRow:
    state: str
    attempts: int
    due_at: int
    sealed: bytes | None
    error: str
    locale: str


@dataclass
class Recorder:
    """A sender that keeps what it is given, after asking `judge` what to raise."""

    sent: list[Rendered] = field(default_factory=list)
    tries: int = 0
    judge: Callable[[Rendered], None] = lambda _: None

    def send(self, message: Rendered) -> None:
        self.tries += 1
        self.judge(message)
        self.sent.append(message)

    def rest(self) -> None:
        """Hold nothing."""


@dataclass
class Post:
    """A store with one project, its clock, and what a test does with them."""

    store: Store
    clock: FileClock

    def queue(
        self,
        address: str = "ada@example.com",
        *,
        method: Method = "email",
        template: Any = "otp",
        settings: ProjectSettings | None = None,
        lives_seconds: int | None = None,
        challenge_id: str | None = None,
        **parameters: Any,
    ) -> None:
        values: dict[str, Any] = {"lifetime_seconds": 300, "code": CODE, **parameters}
        message = Message(
            template=template,
            method=method,
            address=address,
            locale="en",
            parameters=Parameters(**values),
            challenge_id=challenge_id,
        )

        def unit(tx: Tx) -> None:
            if challenge_id is not None:
                expires_at = tx.now + (300 if lives_seconds is None else lives_seconds)
                tx.run(_INSERT_CHALLENGE, id=challenge_id, mac=b"m", expires_at=expires_at)
            queue(tx, project(settings), message)

        self.store.run(PROJECT_ID, unit)

    def notify(
        self,
        address: str = "ada@example.com",
        *,
        notice: Notice = "passkey-added",
        carriers: tuple[str, ...] = ("email",),
    ) -> None:
        client = Client("203.0.113.7", locale="en")
        self.store.run(PROJECT_ID, lambda tx: notify(tx, project(carriers=carriers), client, notice, address))

    def end_challenge(self, challenge_id: str) -> None:
        self.store.run(PROJECT_ID, lambda tx: tx.run(_DELETE_CHALLENGE, id=challenge_id))

    def outbox(self) -> list[OutboxRow]:
        return self.store.look(PROJECT_ID, lambda tx: tx.all(_OUTBOX, OutboxRow))

    def audited(self) -> list[str]:
        return self.store.look(PROJECT_ID, lambda tx: tx.all(_AUDIT, str))

    def courier(self, **senders: Sender) -> Courier:
        return Courier(self.store, cast(dict[Method, Sender], senders), self.clock)


def project(settings: ProjectSettings | None = None, carriers: tuple[str, ...] = ("email",)) -> Project:
    """Return as much of a project as delivery looks at."""
    seen = {"id": PROJECT_ID, "name": "Acme", "settings": settings or ProjectSettings(), "carriers": carriers}
    return cast(Project, SimpleNamespace(**seen))


@pytest.fixture
def vault() -> Vault:
    return Vault(SECRET_KEY.encode())


@pytest.fixture
def post(database_url: str, clock: FileClock, vault: Vault) -> Iterator[Post]:
    clock.freeze(NOW)
    create(database_url)
    store = open_store(database_url, vault=vault, clock=clock, durable=False)
    store.run(PROJECT_ID, lambda tx: tx.run(_INSERT_PROJECT, name="Acme"))
    yield Post(store, clock)
    store.close()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
