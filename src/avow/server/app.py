"""From settings to a running Site: the only place that knows every slice."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any

from avow.clock import Clock, system_clock
from avow.core.vault import Vault
from avow.errors import NotSupported
from avow.server import browser, enchantedlink, keys, magiclink, otp, sessions
from avow.server.audit.postman import Postman
from avow.server.delivery.courier import Courier
from avow.server.delivery.gateway import GatewaySender, GatewaySettings
from avow.server.delivery.inbox import InboxSender
from avow.server.delivery.messages import METHODS, Method
from avow.server.delivery.senders import Sender
from avow.server.edge import Edge
from avow.server.keys.directory import ProjectDirectory
from avow.server.managementkeys.actions import is_tenant_admin
from avow.server.oidc.herald import Herald
from avow.server.operations.clocks import ClockWatch
from avow.server.operations.handlers import Readiness, operations_slice
from avow.server.operations.housekeeping import Housekeeper
from avow.server.operations.metrics import Metrics, State
from avow.server.operations.observing import Observer
from avow.server.outgoing import Outbound
from avow.server.routes import Routes
from avow.server.serving import Answer, Call, Handler, Slice, plain
from avow.server.settings import Settings
from avow.server.site import Pool, Site
from avow.server.store import Store, open_kv, open_store
from avow.wire.endpoint import Caller, Endpoint, Nothing
from avow.wire.unsupported import UNSUPPORTED, Unsupported

if TYPE_CHECKING:
    from avow.server.pages import Pages

__all__ = ["FIRST", "OPENAPI", "build", "management", "senders_of"]

# What applications validate with, and people sign in with by a message. Apps, passkeys, pages and the OpenID provider
# come with the first call to one of them, and then management: they take longer to import than all else together, and
# many a process never needs them.
FIRST: tuple[Slice, ...] = (
    keys.SLICE,
    sessions.SLICE,
    otp.SLICE,
    magiclink.SLICE,
    enchantedlink.SLICE,
    browser.SLICE,
)

OPENAPI = Endpoint("openapi", "GET", "/openapi.json", Nothing, Nothing, Caller.ANYONE)


def build(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    inbox: InboxSender | None = None,
    processes: int = 1,
    further: Iterable[Slice] = (),
    durable: bool = True,
    metrics_folder: str = "",
) -> Site:
    """Wire the parts of one server process; connections and threads begin with the first use.

    Args:
        settings: See there.
        clock: Seconds since the epoch; tests hand in one that they move.
        inbox: Takes every message instead of the mail server and the gateway, and is shown at `/dev/inbox`.
        processes: How many share the database on this machine; alone, a process counts limits in memory.
        further: Slices beyond the standard ones.
        durable: False drops the wait for the disk: for tests, never for data.
        metrics_folder: Where several worker processes keep their counts together; see `operations.metrics`.
    """
    vault = Vault.from_text(settings.secret_key, settings.previous_secret_keys)
    store = _store(settings, vault, clock, durable=durable)
    kv = open_kv(store, valkey_url=settings.valkey_url, clock=clock, processes=processes)
    senders = dict.fromkeys(METHODS, inbox) if inbox else senders_of(settings)
    readiness, watch = Readiness(), ClockWatch(settings.database_url)
    courier, housekeeper = Courier(store, senders, clock), Housekeeper(store, watch)
    postman = Postman(store, settings.callable_networks, clock)
    herald = Herald(store, settings.callable_networks, clock)
    workers = (courier, postman, herald, housekeeper)
    metrics = Metrics(lambda: State(store.load(), kv.fallbacks), metrics_folder)
    pool, outbound = Pool(settings.hash_threads), Outbound(settings.callable_networks, clock)
    observer = Observer(metrics)
    first = (*FIRST, operations_slice(readiness, metrics, watch, settings), *further)
    rooms = _Rooms(first, settings, vault, clock, inbox)
    edge = rooms.edge(ProjectDirectory(clock, settings, frozenset(senders)))

    def start() -> None:
        for each in workers:
            each.start()

    def close() -> None:
        with ExitStack() as ending:  # the last one first; one that fails keeps no other from its end
            for each in (store, kv, outbound, pool):
                ending.callback(each.close)
            for worker in workers:
                ending.callback(worker.stop)

    return Site(
        settings=settings,
        clock=clock,
        edge=edge,
        store=store,
        kv=kv,
        pool=pool,
        outbound=outbound,
        courier=courier,
        postman=postman,
        herald=herald,
        observe=observer,
        observe_refused=observer.refused,
        start=start,
        drain=readiness.drain,
        close=close,
    )


class _Rooms:
    """The slices of one server, by when they are imported."""

    def __init__(
        self, slices: Iterable[Slice], settings: Settings, vault: Vault, clock: Clock, inbox: InboxSender | None
    ) -> None:
        self._first = [handler for each in slices for handler in each.handlers]
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._inbox = inbox
        self._loading = Lock()
        self._pages: Pages | None = None
        self._supported = [*self._first]

    def edge(self, directory: ProjectDirectory) -> Edge:
        """Return the checks before every handler."""
        return Edge(
            Routes(self._first, (self._paged, self._managing)),
            directory,
            self._settings,
            self._clock,
            vault=self._vault,
            is_tenant_admin=is_tenant_admin,
            error_page=lambda visit, error: self._loaded().error(visit, error),
        )

    def _loaded(self) -> "Pages":
        """Return the pages, imported now unless they were before."""
        from avow.server.oidc.provider import Provider
        from avow.server.pages import Pages

        with self._loading:
            if self._pages is None:
                self._pages = Pages(self._settings, self._vault, self._clock, Provider(self._vault, self._clock))
            return self._pages

    def _paged(self) -> list[Handler]:
        """Return the handlers of apps and passkeys, the pages, the OpenID provider and the development inbox."""
        from avow.server import passkey, recoverycodes, totp
        from avow.server.pages.inbox import inbox_slice

        pages = self._loaded()
        slices = [totp.SLICE, recoverycodes.SLICE, passkey.SLICE, pages.slice, pages.provider.slice]
        slices += [inbox_slice(self._inbox)] if self._inbox else []
        paged = [handler for each in slices for handler in each.handlers]
        self._supported += paged
        return paged

    def _managing(self) -> list[Handler]:
        """Return the handlers of management, of what is not supported yet, and the description of them all."""
        managing = [handler for each in management() for handler in each.handlers]
        supported = [*self._supported, *managing]

        def openapi(call: Call[Nothing]) -> Answer:
            """Return the description of this API, OpenAPI 3.1."""
            from avow.server.openapi import encoded as encoded_openapi  # few ask for it
            from avow.wire.table import ENDPOINTS

            reference = {each.endpoint.id: each.function.__doc__ or "" for each in supported if _is_named(each)}
            described = encoded_openapi(ENDPOINTS, UNSUPPORTED, reference, root=self._settings.public_path)
            return Answer(described, headers={"cache-control": "max-age=300"})

        missing = [plain(_unsupported(row), _not_supported) for row in UNSUPPORTED]
        return [*managing, *missing, plain(OPENAPI, openapi)]


def _store(settings: Settings, vault: Vault, clock: Clock, *, durable: bool) -> Store:
    return open_store(
        settings.database_url,
        vault=vault,
        clock=clock,
        pool_size=settings.pool_size,
        capacity=settings.waiting_units,
        durable=durable,
    )


def senders_of(settings: Settings) -> Mapping[Method, Sender]:
    """Return who carries messages of each delivery method; a method without a carrier is missing."""
    senders: dict[Method, Sender] = {}
    if settings.smtp_host:
        from avow.server.delivery.smtp import SmtpSender, SmtpSettings  # TLS and mail: not for a start without

        senders["email"] = SmtpSender(
            SmtpSettings(
                host=settings.smtp_host,
                port=settings.smtp_port,
                sender=settings.mail_from,
                security=settings.smtp_security,
                user=settings.smtp_user,
                password=settings.smtp_password,
            )
        )
    if settings.sms_url:
        gateway = GatewaySender(
            GatewaySettings(
                url=settings.sms_url,
                account=settings.sms_account,
                token=settings.sms_token,
                sender=settings.sms_from,
                whatsapp_sender=settings.whatsapp_from,
            )
        )
        senders |= {"sms": gateway, "voice": gateway, "whatsapp": gateway}
    return senders


def management() -> tuple[Slice, ...]:
    """Return the slices of management, imported now."""
    from avow.server.accesskeys import handlers as accesskeys
    from avow.server.accounts import handlers as accounts
    from avow.server.applications import handlers as applications
    from avow.server.audit import handlers as audit
    from avow.server.embeddedlink import handlers as embeddedlink
    from avow.server.flows import handlers as flows
    from avow.server.groups import handlers as groups
    from avow.server.imports import handlers as imports
    from avow.server.jwt import handlers as jwt
    from avow.server.lists import handlers as lists
    from avow.server.managementkeys import handlers as managementkeys
    from avow.server.oidc import consents
    from avow.server.oidc import own as ownconsents
    from avow.server.password import handlers as password
    from avow.server.passwords import handlers as passwords
    from avow.server.permissions import handlers as permissions
    from avow.server.projects import handlers as projects
    from avow.server.roles import handlers as roles
    from avow.server.snapshots import handlers as snapshots
    from avow.server.social import handlers as social
    from avow.server.sso import handlers as sso
    from avow.server.templates import handlers as templates
    from avow.server.tenants import handlers as tenants

    rooms = (projects, managementkeys, tenants, permissions, roles, passwords, accounts, imports, sso, groups, audit)
    further = (
        lists,
        applications,
        consents,
        ownconsents,
        accesskeys,
        jwt,
        templates,
        flows,
        snapshots,
        embeddedlink,
        password,
        social,
    )
    return tuple(room.SLICE for room in (*rooms, *further))


def _unsupported(row: Unsupported) -> Endpoint[Any, Any]:
    """Return the endpoint of a row without one; a caller's right is checked all the same."""
    return Endpoint(row.id, row.verb, row.path, Nothing, Nothing, row.caller, only_reads=row.verb == "GET")


def _is_named(handler: Handler) -> bool:
    return hasattr(handler.function, "__name__")


def _not_supported(call: Call[Nothing]) -> None:
    """Say that the contract has this operation and Avow does not, once the caller is known."""
    raise NotSupported
