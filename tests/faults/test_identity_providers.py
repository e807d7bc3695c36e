"""F-DEP-01: identity providers that refuse, hang, fail, show an expired certificate, or change their key meanwhile."""

import contextlib
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from avow import AttributeMapping, Client, SSOSAMLSettingsByMetadata
from avow.core.tokens import SigningKey
from avow.testing.server import Avow
from tests.bed.backends import Backend
from tests.bed.cases import Case
from tests.bed.openid import OpenIdPeer, Said, listening
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page
from tests.factories import make_tenant
from tests.faults.conftest import MakeFleet
from tests.faults.load import p95
from tests.faults.people import sign_in
from tests.security.calls import Api, OverHttp, within
from tests.security.place import Person, Place
from tests.security.visiting import DistantVisitor
from tests.server.sso.test_metadata import metadata_of

pytestmark = pytest.mark.timeout(1800)

HOUR, DAY = 3600, 86_400
DISCOVERY, TOKEN, KEYS, METADATA = "/.well-known/openid-configuration", "/token", "/jwks", "/metadata"
AWAY = ("refuses", "shows an expired certificate")  # as a whole, not at one endpoint
FAULTS = (*AWAY, "hangs", "answers 500")
CLEAR = {"E011005", "E061301"}
_numbers = itertools.count(1)


class Reached(Avow):
    """A project whose client calls the servers."""

    def __init__(self, place: Place, client: Client) -> None:
        super().__init__(place.avow.server, place.avow.project_id, place.avow.management_key)
        self._client = client

    def client(self) -> Client:
        return self._client


class Authority:
    """Whom the servers believe; it certifies `localhost`."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def tls(self, until: datetime | None = None) -> ssl.SSLContext:
        """Return what a listener shows: a certificate that is good until then."""
        begun = datetime(2020, 1, 1, tzinfo=UTC)
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("localhost", not_before=begun, not_after=until).configure_cert(found)
        return found


class Host:
    """An identity provider that can go away and come back at its address."""

    def __init__(self, clock: Callable[[], int], authority: Authority) -> None:
        self.peer = OpenIdPeer("", clock)
        self._authority = authority
        self._port = 0
        self._running = contextlib.ExitStack()
        self.come()

    def come(self, until: datetime | None = None) -> None:
        self._port = self._running.enter_context(listening(self.peer, self._port, self._authority.tls(until)))

    def leave(self) -> None:
        self._running.close()

    @contextlib.contextmanager
    def failing(self, fault: str, path: str) -> Iterator[None]:
        """Have one endpoint fail, or all of them where there is no other way."""
        recovered, kept = threading.Event(), self.peer.answers.get(path)
        if fault in AWAY:
            self.leave()
        if fault == "shows an expired certificate":
            self.come(datetime(2020, 2, 1, tzinfo=UTC))
        elif fault == "hangs":
            self.peer.answers[path] = lambda _: Said(b"late", 500) if recovered.wait(20) else Said()
        elif fault == "answers 500":
            self.peer.answers[path] = lambda _: Said(b"down", 500, "text/plain")
        try:
            yield
        finally:
            recovered.set()
            if fault in AWAY:
                self.leave()
                self.come()
            elif kept:
                self.peer.answers[path] = kept
            else:
                del self.peer.answers[path]


@dataclass(frozen=True, slots=True)
class Bed:
    """A project on a back end.

    Attributes:
        place: The project.
        first: The same project as the first of the servers answers for it: each keeps copies of its own.
        avow: It, with a client of that server.
        authority: Certifies its identity providers.
        hosts: They.
    """

    place: Place
    first: Place
    avow: Reached
    authority: Authority
    hosts: contextlib.ExitStack

    def host(self) -> Host:
        """Return a new identity provider, of which nothing is kept yet."""
        made = Host(self.place.avow.server.clock, self.authority)
        self.hosts.callback(made.leave)
        return made

    def tenant(self) -> tuple[str, str]:
        """Return a new tenant and its domain."""
        number = next(_numbers)
        return make_tenant(self.place.avow, tenant_id=f"T{number}"), f"t{number}.example"

    def browser(self) -> DistantVisitor:
        """Return a new browser."""
        return DistantVisitor(self.first)


class OpenIdWay:
    """The way of a person of a tenant through an OpenID provider."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.host = bed, bed.host()
        tenant, domain = bed.tenant()
        self.op = TenantOp(bed.avow, tenant, self.host.peer)
        self.op.configure(domains=[domain])
        email = f"jane@{domain}"
        self.host.peer.person = {"sub": "jane", "email": email, "email_verified": True}

    def arrive(self) -> Page:
        """Go as far as the application's page."""
        visitor = self.bed.browser()
        sent = visitor.get(self.bed.avow.client().sso.start(self.op.tenant, PAGE)["url"])
        return sent if sent.location.startswith(PAGE) else visitor.get(self.host.peer.authorize(sent.location))


class SamlWay:
    """The way of a person of a tenant through a SAML identity provider that describes itself at an address."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.host = bed, bed.host()
        tenant, self.domain = bed.tenant()
        self.idp = TenantIdp(bed.avow, tenant)
        text = metadata_of(self.idp.idp).encode()
        self.host.peer.answers[METADATA] = lambda _: Said(text, 200, "application/samlmetadata+xml")
        settings = SSOSAMLSettingsByMetadata(
            f"{self.host.peer.url}{METADATA}", AttributeMapping(name="name", email="email")
        )
        bed.avow.client().mgmt.sso.configure_saml_settings_by_metadata(tenant, settings, PAGE, [self.domain])

    def arrive(self) -> Page:
        """Go as far as the application's page."""
        visitor = self.bed.browser()
        sent = visitor.get(self.bed.avow.client().sso.start(self.idp.tenant, PAGE)["url"])
        if sent.location.startswith(PAGE):
            return sent
        email = f"alice@{self.domain}"
        return self.idp.arrive(self.idp.start(visitor), name_id=email, attributes={"email": (email,)})


Way = OpenIdWay | SamlWay


@pytest.fixture
def bed(make_fleet: MakeFleet, backend: Backend, tmp_path: Path) -> Iterator[Bed]:
    authority = Authority(tmp_path)
    settings = {"AVOW_CALLABLE_NETWORKS": "127.0.0.0/8", "SSL_CERT_FILE": str(authority.file)}
    fleet = make_fleet(backend, settings=settings)
    place = fleet.place(approved_redirects=[PAGE])
    url = fleet.servers.url
    client = Client(
        place.avow.project_id, management_key=place.avow.management_key, base_url=url, clock=place.avow.server.clock
    )
    http = OverHttp([url])
    with contextlib.ExitStack() as hosts, client, contextlib.closing(http):
        first = Place(place.avow, Api(place.avow.project_id, http, url), fleet.servers)
        yield Bed(place, first, Reached(place, client), authority, hosts)


@pytest.mark.alone
def test_f_dep_01_identity_provider_down(case: Case, bed: Bed) -> None:
    case.control(lambda: _signs_in(OpenIdWay(bed)) and _signs_in(SamlWay(bed)))
    for fault in FAULTS:
        for path in (DISCOVERY, TOKEN, KEYS):
            if fault in AWAY and path == KEYS:
                continue  # the token endpoint is away, too
            way = OpenIdWay(bed)
            with case.cell(f"{path} {fault}"):
                if path == TOKEN:
                    assert _signs_in(way)
                _fails_and_recovers(way, fault, path)
        with case.cell(f"SAML metadata {fault}"):
            _fails_and_recovers(SamlWay(bed), fault, METADATA)
    for fault in ("hangs", "answers 500"):
        with case.cell(f"keys and discovery are a day older than their hour, {fault}"):
            _is_kept(OpenIdWay(bed), fault, (DISCOVERY, KEYS), HOUR + DAY)
        with case.cell(f"SAML metadata is a week old, {fault}"):
            _is_kept(SamlWay(bed), fault, (METADATA,), 7 * DAY)
    with case.cell("key changed while its address was down"):
        way = OpenIdWay(bed)
        assert _signs_in(way)
        way.host.peer.key = SigningKey.generate("ES256")
        way.host.peer.keys = [way.host.peer.key]
        _fails_and_recovers(way, "answers 500", KEYS)
    with case.cell("unknown key is looked for once"):
        way = OpenIdWay(bed)
        assert _signs_in(way)
        way.host.peer.key = SigningKey.generate("ES256")
        asked = len(way.host.peer.calls(KEYS))
        for _ in range(3):
            assert way.arrive().error in CLEAR
        assert len(way.host.peer.calls(KEYS)) == asked + 1
    with case.cell("everything else goes on while twenty people wait for one that hangs"):
        _others_go_on(bed)


def _signs_in(way: Way) -> bool:
    session = way.bed.avow.client().sso.exchange_token(way.arrive().code)
    return bool(session["sessionToken"]["amr"] == ["fed"])


def _fails_and_recovers(way: Way, fault: str, path: str) -> None:
    """Assert that a sign-in ends at the application within five seconds, and that the next one works again."""
    with way.host.failing(fault, path):
        page = within(5, way.arrive)
        assert page.location.startswith(PAGE)
        assert page.error in CLEAR
    assert _signs_in(way)


def _is_kept(way: Way, fault: str, paths: tuple[str, ...], seconds: int) -> None:
    """Assert that what a provider said last counts for so long, and no longer, while it fails."""
    assert _signs_in(way)
    with contextlib.ExitStack() as down:
        for path in paths:
            down.enter_context(way.host.failing(fault, path))
        way.bed.place.advance(seconds - 60)  # the clock goes on by itself, too
        assert _signs_in(way)
        way.bed.place.advance(120)
        assert way.arrive().error in CLEAR


def _others_go_on(bed: Bed) -> None:
    slow, other, person = OpenIdWay(bed), OpenIdWay(bed), sign_in(bed.place)
    assert _signs_in(slow)
    assert _signs_in(other)
    usual = p95(_refreshes(bed.place, person))
    with slow.host.failing("hangs", TOKEN), ThreadPoolExecutor(20) as people:
        begun = time.monotonic()
        waiting = [people.submit(slow.arrive) for _ in range(20)]
        assert _signs_in(other)
        assert not any(each.done() for each in waiting)
        meanwhile = _refreshes(bed.place, person)
        assert sign_in(bed.place).id
        assert p95(meanwhile) < 5 * usual + 0.1
        assert {each.result().error for each in waiting} <= CLEAR
        assert time.monotonic() - begun < 6
    assert _signs_in(slow)


def _refreshes(place: Place, person: Person) -> list[float]:
    answers = [place.api.refresh(person.refresh_jwt) for _ in range(40)]
    assert {answer.status for answer in answers} == {200}
    return [answer.seconds for answer in answers]
