"""Every Python block of README.md and docs/ runs as it stands, page by page, against a server over HTTP.

What a page takes from elsewhere (the code that was mailed, the token that came with a link) is filled in here. Blocks
that hold tests run under pytest.
"""

import html
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from avow import Client
from avow.testing.server import Avow, Server
from tests import phones
from tests.bed.authenticator import Authenticator
from tests.bed.openid import openid_peer
from tests.bed.tenant_idp import TenantIdp
from tests.bed.visitor import Visitor
from tests.saml.sp import SP_KEY
from tests.served import over_http

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
MIA = "mia@example.com"
PAGE_ORIGIN = "http://localhost:3000"


def blocks(page: Path) -> list[str]:
    """Return the Python blocks of a page, in order."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


WITH_BLOCKS = [page for page in PAGES if blocks(page)]


class Reader(dict[str, object]):
    """What a reader has at hand beside the page: looked up when the page first names it."""

    def __init__(self, avow: Avow) -> None:
        """Fill in from the outbox of a project."""
        device = Authenticator()
        super().__init__(
            newest_code=avow.code,
            newest_link_token=lambda to: token_of(avow.link(to)),
            enchanted_token=lambda to, number: enchanted_token(avow, to, number),
            newest_enchanted_token=lambda to: newest_enchanted_token(avow, to),
            code_of=CodesOfApps(avow),
            certificate_of_acme=acme_of(avow).idp.certificate,
            certificate_of_wiki=SP_KEY.certificate,
            code_from_browser=lambda url: code_from_browser(avow, url),
            created_in_browser=lambda options: device.create(options, PAGE_ORIGIN),
            shown_in_browser=lambda options: device.show(options, PAGE_ORIGIN),
        )
        self._globals: dict[str, object] = {}
        self._ending = ExitStack()
        self._late: dict[str, Callable[[], object]] = {
            "issuer_of_acme": lambda: self._acme(avow),
            "input": lambda: lambda prompt: avow.code(MIA),
            "token": lambda: token_of(avow.link(MIA)),
        }

    def _acme(self, avow: Avow) -> str:
        """Start the OpenID provider that the page on social sign-in speaks of; return its issuer."""
        peer = self._ending.enter_context(openid_peer(avow.server.clock))
        peer.client = ("avow", "secret-of-acme")

        def code_from_acme(url: str) -> str:
            visitor = Visitor(avow.server.site)
            page = visitor.get(url)
            if page.status == 200:  # whether to connect the account
                page = visitor.get(html.unescape(page.content.decode().partition('href="')[2].partition('"')[0]))
            return visitor.get(peer.authorize(page.location)).code

        self["issuer_of_acme"], self["code_from_acme"] = peer.url, code_from_acme
        return peer.url

    def end(self) -> None:
        """Stop what was started for the page."""
        self._ending.close()

    @property
    def known(self) -> dict[str, object]:
        """Return the globals of a block: functions that it defines look there."""
        return self._globals

    def close_clients(self) -> None:
        """Let the connections go of what blocks called `client`."""
        for client in (self.get("client"),):
            if isinstance(client, Client):
                client.close()

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, value)
        self._globals[name] = value

    def __missing__(self, name: str) -> object:
        if name not in self._late:
            raise KeyError(name)
        return self._late[name]()


class CodesOfApps:
    """Reads codes off the phones of a page, for each key another one each time, as they work once."""

    def __init__(self, avow: Avow) -> None:
        """Begin with the code of now; the next one counts as well."""
        self._avow = avow
        self._next: dict[str, int] = {}

    def __call__(self, key: str) -> str:
        """Return a code of the app that a key was typed into."""
        early = self._next[key] = self._next.get(key, -1) + 1
        return phones.typing(key).code(self._avow.server.clock(), early)


def token_of(link: str) -> str:
    """Return the token that a link carries."""
    return link.rpartition("t=")[2]


def acme_of(avow: Avow) -> TenantIdp:
    """Return the identity provider of the customer that the page on SSO speaks of."""
    return TenantIdp(avow, "", entity_id="https://idp.acme.example/metadata", name="acme")


def code_from_browser(avow: Avow, url: str) -> str:
    """Return the code that a page of the application is given when Mia has signed in there."""
    idp = acme_of(avow)
    said = {"mail": ("mia@acme.example",), "displayName": ("Mia",), "groups": ("Editors",)}
    return idp.arrive(idp.follow(url), name_id="mia@acme.example", attributes=said).code


def enchanted_token(avow: Avow, to: str, number: str) -> str:
    """Return the token of the link with this number, of the newest message."""
    newest = next(message for message in avow.messages(to) if message.links)
    return next(token_of(link.url) for link in newest.links if link.id == number)


def newest_enchanted_token(avow: Avow, to: str) -> Callable[[str], str]:
    """Return how to get the token of a number."""
    return lambda number: enchanted_token(avow, to, number)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[Server, str]]:
    """Serve over HTTP; letters leave when a page looks for them."""
    server = Server(settings={"callable_networks": (ip_network("127.0.0.0/8"),)})
    with over_http(server) as url:
        server.site.courier.stop()
        yield server, url
    server.close()


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.name)
def test_blocks_of_a_page_run(
    page: Path,
    address: tuple[Server, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    server, url = address
    names = Reader(server.project())
    request.addfinalizer(names.end)
    for number, block in enumerate(block for block in blocks(page) if "\ndef test_" not in block):
        avow = server.project()  # each block may be the first that somebody tries
        monkeypatch.setenv("AVOW_BASE_URL", url)
        monkeypatch.setenv("AVOW_PROJECT_ID", avow.project_id)
        monkeypatch.setenv("AVOW_MANAGEMENT_KEY", avow.management_key)
        exec(compile(block, f"{page.name}, block {number + 1}", "exec"), names.known, names)  # noqa: S102 - our own pages
        names.close_clients()
    tests = "\n\n".join(block for block in blocks(page) if "\ndef test_" in block)
    if tests:
        file = tmp_path / "test_page.py"
        file.write_text(tests, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(file)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert run.returncode == 0, run.stdout
        assert " passed" in run.stdout


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
