"""S-SSR-01 to 04 for social providers and webhooks: what the server calls, how far, and what it tells of it."""

import gzip
import socket
import ssl
import statistics
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from avow.errors import AuthException, FetchFailed
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.bed.openid import Asked, Said, Seen, listening
from tests.bed.social import PAGE, Social
from tests.bed.visitor import Page, Visitor
from tests.security.calls import within
from tests.security.conftest import MakePlace
from tests.security.federation.conftest import MakeSocial
from tests.security.presenting import Canary

FETCH_FAILED = FetchFailed.code
REFUSED = {"400", FETCH_FAILED, "E061301"}


def works(social: Social) -> bool:
    social.configure()  # the cells set others up under its name
    return bool(social.sign_in()["userId"])


def always(said: Said) -> Callable[[Seen], Said]:
    return lambda _: said


def forms_of(port: str) -> dict[str, str]:
    """Return addresses that lead to the machine itself, to its network or to no web at all."""
    return {
        "loopback": f"https://127.0.0.1:{port}",
        "loopback, http": f"http://127.0.0.1:{port}",
        "loopback of IPv6": f"https://[::1]:{port}",
        "loopback, IPv4 in IPv6": f"https://[::ffff:127.0.0.1]:{port}",
        "loopback, in hexadecimal": f"https://0x7f000001:{port}",
        "loopback, as one number": f"https://2130706433:{port}",
        "loopback, short": f"https://127.1:{port}",
        "loopback, octal": f"https://0177.0.0.1:{port}",
        "localhost": f"https://localhost:{port}",
        "localhost with a dot": f"https://localhost.:{port}",
        "a name that leads to loopback": f"https://leads-home.example.com:{port}",
        "metadata of the cloud": "http://169.254.169.254",
        "metadata of the cloud, https": "https://169.254.169.254",
        "private network": "https://10.0.0.1",
        "private network of IPv6": "https://[fd00::1]",
        "user and loopback": f"https://id.example.com@127.0.0.1:{port}",
        "file": "file:///etc/hostname",
        "gopher": "gopher://127.0.0.1",
        "ftp": "ftp://127.0.0.1",
        "data": "data:application/json,{}",
        "no scheme": f"//127.0.0.1:{port}",
    }


def outcome(avow: Avow, save: Callable[[], object]) -> str:
    """Return how an address is refused: when it is saved, or when it is called."""
    try:
        save()
    except AuthException as refused:
        return str(refused.status_code)
    visitor = Visitor(avow.server.site)
    url = avow.client().oauth.start("acme", PAGE)["url"]
    page = visitor.get(url)
    if page.parameter("err"):
        return page.error
    asked = Asked.of(page.location)
    return visitor.get(f"{asked['redirect_uri']}?code=x&state={asked['state']}").error


def test_s_ssr_01_providers(
    case: Case, make_each_place: MakePlace, make_social: MakeSocial, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, "leads-home.example.com", ["127.0.0.1"])
    case.control(partial(works, make_social()))  # an operator who allows the network lets it work
    avow = make_each_place(approved_redirects=["https://app.example.com"]).avow
    port = canary.url.rpartition(":")[2].partition("/")[0]
    calls = len(canary.calls)
    openid: dict[str, Any] = {"kind": "oidc", "issuer": "https://id.example.com"}
    spelt_out = {
        **openid,
        "authorization_url": "https://id.example.com/authorize",
        "token_url": "https://id.example.com/token",
        "keys_url": "https://id.example.com/keys",
    }
    oauth = {**spelt_out, "kind": "oauth2", "user_url": "https://id.example.com/user"}
    shapes: dict[str, tuple[dict[str, Any], str]] = {
        "issuer": (openid, "issuer"),
        "discovery": (openid, "discovery_url"),
        "jwks_uri": (spelt_out, "keys_url"),
        "token endpoint": (spelt_out, "token_url"),
        "user endpoint": (oauth, "user_url"),
        "addresses": (oauth, "emails_url"),
    }
    for what, (settings, field) in shapes.items():
        for name, url in forms_of(port).items():
            save = partial(
                avow.client().mgmt.provider.save, "acme", "us", "a secret", **{**settings, field: f"{url}/x"}
            )
            with case.cell(f"{what}: {name}"):
                assert outcome(avow, save) in REFUSED
    with case.cell("nobody was called"):
        assert len(canary.calls) == calls


def test_s_ssr_01_webhooks(case: Case, make_each_place: MakePlace, canary: Canary, make_social: MakeSocial) -> None:
    place = make_each_place()
    key, path = place.avow.management_key, "/v2/mgmt/connector/audit/web/set"
    allowed = make_social().avow
    case.control(lambda: bool(allowed.client().mgmt.provider.load_all()))
    port = canary.url.rpartition(":")[2].partition("/")[0]
    calls = len(canary.calls)
    for name, url in forms_of(port).items():
        if name == "a name that leads to loopback":
            continue  # judged when it is called: tests/server/audit
        with case.cell(f"webhook: {name}"):
            body = {"name": "one", "url": f"{url}/x", "hmacSecret": "x" * 32}
            answer = place.api.post(path, key, body)
            assert (answer.status, answer.body["errorCode"]) == (400, "E011004")
    with case.cell("webhook: nobody was called"):
        assert len(canary.calls) == calls


def test_s_ssr_02_redirects_and_rebinding(
    case: Case, make_social: MakeSocial, make_each_place: MakePlace, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    social = make_social()
    case.control(lambda: works(social))
    paths = {
        "discovery": "/.well-known/openid-configuration",
        "keys": "/jwks",
        "token endpoint": "/token",
        "user endpoint": "/userinfo",
    }
    calls = len(canary.calls)
    for status in (301, 302, 303, 307, 308):
        for where in (canary.url, "file:///etc/hostname", "http://169.254.169.254/"):
            for what, path in paths.items():
                with case.cell(f"{what}: {status} to {where.partition(':')[0]}, {where[-12:-6]}"):
                    other = make_social(social.avow)
                    other.peer.in_id_token = False
                    moved = Said(b"", status, headers={"location": where})
                    other.peer.answers[path] = always(moved)
                    visitor = Visitor(other.avow.server.site)
                    page = visitor.get(other.start())
                    if not page.parameter("err"):
                        page = visitor.get(other.peer.authorize(page.location))
                    assert page.error in REFUSED
                    assert len(other.peer.calls(path)) <= 2
    with case.cell("nobody else was called"):
        assert len(canary.calls) == calls
    hardened = make_each_place(approved_redirects=["https://app.example.com"]).avow
    port = canary.url.rpartition(":")[2].partition("/")[0]
    looked = _lead(monkeypatch, "turns-home.example.com", ["192.0.2.1", "127.0.0.1"])
    with case.cell("a name that leads to loopback at the second look"):
        url = f"https://turns-home.example.com:{port}"
        save = partial(hardened.client().mgmt.provider.save, "acme", "us", "a secret", kind="oidc", issuer=url)
        for _ in range(3):
            assert outcome(hardened, save) in REFUSED
        assert len(looked) <= 3, "one look for each call: what is judged is what is connected to"
        assert len(canary.calls) == calls


def _lead(monkeypatch: pytest.MonkeyPatch, name: str, addresses: list[str]) -> list[str]:
    """Let a name lead to one address after the other; return what was looked up."""
    looked: list[str] = []
    usual = socket.getaddrinfo

    def look(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != name:
            return usual(host, port, *args, **options)
        address = addresses[min(len(looked), len(addresses) - 1)]
        looked.append(address)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return looked


def _bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size)


def _slowly(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(8):
        handler.wfile.write(b"{")
        handler.wfile.flush()
        time.sleep(1)


def _endless(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    for _ in range(16_384):  # 1 GB
        handler.wfile.write(b" " * 65_536)


HOSTILE: dict[str, Said] = {
    "a stream of 1 GB": Said(write=_endless),
    "one byte now and then": Said(write=_slowly),
    "silence": Said(write=lambda _: time.sleep(7)),
    "a packed answer": Said(_bomb(10_000_000), headers={"content-encoding": "gzip"}),
    "a packed answer that is not said to be": Said(_bomb(10_000_000)),
    "ten thousand keys": Said({"keys": [{"kty": "EC", "kid": str(each)} for each in range(10_000)]}),
    "2 MB": Said({"issuer": "x" * 2_000_000}),
    "nested deep": Said(b"[" * 400_000),
    "a page": Said(b"{}", content_type="text/html"),
    "no JSON": Said(b"\xff\xfe", content_type="application/json"),
    "no object": Said([]),
    "an error": Said(b"no", 500),
    "no HTTP": Said(write=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n" * 100)),
    "long headers": Said(b"{}", headers={"x-long": "x" * 300_000}),
}


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_s_ssr_03_hostile_providers(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    case.control(lambda: works(social))
    for what, path in {
        "discovery": "/.well-known/openid-configuration",
        "keys": "/jwks",
        "token endpoint": "/token",
    }.items():
        for name, said in HOSTILE.items():
            with case.cell(f"{what}: {name}"):
                tracemalloc.start()
                page = within(5, partial(_page_of, social, make_social, path, said))
                grown = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                assert page.error in REFUSED
                assert grown < 50_000_000
    measured = case.full_only("other requests are as fast while providers are silent")
    with case.cell("other requests go on while providers are silent"):
        alone, beside = _beside_silence(social, make_social)
        assert beside < 1
    if measured:
        with case.cell("other requests are as fast while providers are silent"):
            assert beside < alone * 1.2 + 0.001, (alone, beside)


def _page_of(social: Social, make_social: MakeSocial, path: str, said: Said) -> Page:
    """Sign in at a new provider that answers so at a path; return the page where it ends."""
    other = make_social(social.avow)
    other.peer.answers[path] = always(said)
    visitor = Visitor(other.avow.server.site)
    page = visitor.get(other.start())
    return page if page.parameter("err") else visitor.get(other.peer.authorize(page.location))


def test_s_ssr_03_certificates_of_providers(
    case: Case, make_social: MakeSocial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    social, authority = make_social(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(social.avow.server.site.outbound, "_tls", None)  # read anew by the next call
    shown = {
        "right": authority.issue_cert("localhost"),
        "of another name": authority.issue_cert("id.example.com"),
        "of the address alone": authority.issue_cert("127.0.0.1"),
        "expired": authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "of an authority that nobody knows": trustme.CA().issue_cert("localhost"),
    }

    def arrives_at(name: str) -> Page:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown[name].configure_cert(context)
        with listening(social.peer, tls=context):
            social.configure()
            visitor = Visitor(social.avow.server.site)
            page = visitor.get(social.start())
            return page if page.parameter("err") else visitor.get(social.peer.authorize(page.location))

    case.control(lambda: bool(arrives_at("right").code))
    for name in list(shown)[1:]:
        with case.cell(f"a certificate {name}"):
            assert arrives_at(name).error == FETCH_FAILED


def _beside_silence(social: Social, make_social: MakeSocial) -> tuple[float, float]:
    """Ask for a user while twenty sign-ins wait for a provider that says nothing; return the p95 without and with."""
    social.configure()
    token = social.sign_in()["refreshSessionToken"]["jwt"]
    client = social.avow.client()

    def p95() -> float:
        took = []
        for _ in range(200):
            begun = time.perf_counter()
            client.me(token)
            took.append(time.perf_counter() - begun)
        return statistics.quantiles(took, n=20)[-1]

    alone = min(p95() for _ in range(3))
    silent = make_social(social.avow)
    release = threading.Event()

    def silence(_: Any) -> None:
        release.wait(5)

    def keep_asking() -> None:
        while not release.is_set():
            Visitor(silent.avow.server.site).get(silent.start())

    silent.peer.answers["/.well-known/openid-configuration"] = always(Said(write=silence))
    with ThreadPoolExecutor(20) as pool:
        asking = [pool.submit(keep_asking) for _ in range(20)]
        try:
            time.sleep(0.3)
            beside = min(p95() for _ in range(3))
            assert not any(each.done() for each in asking)
        finally:
            release.set()
    for each in asking:
        each.result()
    return alone, beside


def test_s_ssr_04_answers_tell_nothing_of_the_fetch(case: Case, make_social: MakeSocial) -> None:
    social = make_social()
    case.control(lambda: works(social))
    banner = "a banner that nobody shall read"
    social.peer.answers["/401"] = always(Said(banner.encode(), 401, "text/plain"))
    social.peer.answers["/text"] = always(Said(banner.encode(), 200, "text/plain"))
    seen: dict[str, tuple[int, str, bytes]] = {}
    for name, url in {
        "an open port that answers 401": f"{social.peer.url}/401",
        "no JSON": f"{social.peer.url}/text",
        "nothing there": f"{social.peer.url}/none",
        "a closed port": "http://127.0.0.1:9/x",
        "an address that may not be called": "http://127.255.255.254:9/x",
    }.items():
        with case.cell(f"discovery: {name}"):
            social.configure(discovery_url=url)
            page = Visitor(social.avow.server.site).get(social.start())
            assert banner.encode() not in page.content
            seen[name] = (page.status, page.location, page.content)
            social.configure()
    with case.cell("one answer for all of them"):
        assert set(seen.values()) == {(303, f"{PAGE}?err={FETCH_FAILED}", b"")}
    told = social.audited()
    with case.cell("the audit says why, and nothing that the other side said"):
        assert told
        assert banner not in str(told)
