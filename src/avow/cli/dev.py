"""`avow dev`: a whole Avow for development, ready with one command."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from avow.cli.devdata import DevData
from avow.cli.running import listen, serve
from avow.clock import Clock, system_clock
from avow.core.vault import Vault
from avow.server import founding, logs
from avow.server.app import build
from avow.server.delivery.inbox import InboxSender
from avow.server.operations import actions as operations
from avow.server.projects import actions as projects
from avow.server.settings import Settings
from avow.server.store import Store, check_secret, ensure

__all__ = ["DevOptions", "run"]


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What `avow dev` is asked for; see its help."""

    host: str
    port: int
    data: Path
    is_json: bool
    has_clock: bool
    has_tls: bool


def run(options: DevOptions) -> None:
    """Prepare the data directory and serve until a signal."""
    listener = listen(options.host, options.port)
    port: int = listener.getsockname()[1]
    data = DevData.make(options.data)
    scheme = "https" if options.has_tls else "http"
    settings = Settings(
        database_url=data.database_url,
        public_url=f"{scheme}://localhost:{port}",
        secret_key=data.facts.secret_key,
        is_development=True,
    )
    logs.configure(settings.log_level, for_people=True)
    if ensure(settings.database_url) == "older":
        from avow.server.store.migrate import migrate  # loads Alembic and SQLAlchemy

        migrate(settings.database_url)
    clock: Clock = system_clock
    site = build(settings, clock=clock, inbox=InboxSender())
    _prepare(site.store, Vault.from_text(settings.secret_key), data)

    def announce() -> None:
        print(
            json.dumps(
                {
                    "url": settings.public_url,
                    "project_id": data.facts.project_id,
                    "management_key": data.facts.management_key,
                    "inbox_url": f"{settings.public_url}/dev/inbox",
                    "console_url": None,
                }
            ),
            flush=True,
        )
        threading.Thread(target=_complete, args=(site.store, data.facts.project_id), daemon=True).start()

    serve(site, listener, on_ready=announce)
    data.close()


def _prepare(store: Store, vault: Vault, data: DevData) -> None:
    """Make what a first start needs; each step is kept before the next, so that a start cut short goes on."""
    check_secret(store, vault)
    store.run_anywhere(operations.mark_development)
    facts = data.facts
    if not facts.project_id:
        facts.project_id = projects.new_id(system_clock())
        data.save()
    if store.look(facts.project_id, projects.find) is None:
        facts.management_key = store.run(facts.project_id, lambda tx: founding.found(tx, "Development")).management_key
        data.save()


def _complete(store: Store, project_id: str) -> None:
    store.run(project_id, founding.complete)
