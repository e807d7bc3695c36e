"""Cells that SSO brings to cases of other areas: redirects, script, fetches, existence, seals."""

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from avow import AttributeMapping, AuthException, SSOSAMLSettingsByMetadata
from avow.core.saml import PostForm
from avow.errors import SealBroken
from avow.server.federation.forms import posting
from avow.server.keys import rows as key_rows
from avow.server.keys import saml as saml_keys
from avow.server.keys.rows import SamlKeyRow
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.bed.cases import Case
from tests.bed.openid import OpenIdPeer, Said
from tests.bed.tenant_idp import PAGE, TenantIdp
from tests.bed.tenant_op import TenantOp
from tests.bed.visitor import Page, Visitor
from tests.factories import make_tenant, make_user, new_email
from tests.security.calls import within
from tests.security.conftest import MakePlace
from tests.security.pages.test_pages import REDIRECTS, SCRIPTS
from tests.security.place import Place
from tests.security.presenting import Canary
from tests.security.secrets.test_at_rest import spellings
from tests.security.tables import everything_stored
from tests.server.sso.test_metadata import metadata_of

FETCH_FAILED = "E011005"


def configure_metadata(avow: Avow, url: str, tenant: str = "T1") -> None:
    settings = SSOSAMLSettingsByMetadata(url, AttributeMapping(email="email"))
    avow.client().mgmt.sso.configure_saml_settings_by_metadata(tenant, settings, PAGE, ["example.com"])


def always(said: Said) -> Callable[[object], Said]:
    """Return what answers every request like this."""
    return lambda _: said


def go(avow: Avow, tenant: str = "T1") -> Page:
    """Begin a sign-in and open the address of the start."""
    return Visitor(avow.server.site).get(avow.client().sso.start(tenant, PAGE)["url"])


# --- Pages and redirects -----------------------------------------------------------------------------------------


def test_s_web_06_saml_attributes_and_relay_state(case: Case, make_calling_place: MakePlace) -> None:
    avow = make_calling_place().avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(allow_idp_initiated=True)
    case.control(lambda: bool(idp.sign_in()["userId"]))
    with case.cell("SAML attributes and RelayState"):
        for text in SCRIPTS:
            shown = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
            session = idp.sign_in(name=shown)
            assert session["user"]["name"] in ("Alice", text.strip())
            assert session["user"]["picture"] == ""
            journey = idp.start()
            page = idp.post(journey, "x", text)
            assert text.encode() not in page.content
            told = idp.unsolicited()
            fields = {"SAMLResponse": idp.response(told), "RelayState": text}
            page = journey.visitor.post_from_elsewhere(told.acs_url, fields)
            assert page.location.startswith(f"{PAGE}?code=")
    with case.cell("names in the form that is posted to an identity provider"):
        for text in SCRIPTS:
            form = str(posting(PostForm(f"https://idp.example.com/{text}", (("RelayState", text),))).body)
            assert text not in form or not set(text) & set("<>\"'&")


def test_s_web_07_relay_state(case: Case, make_calling_place: MakePlace) -> None:
    avow = make_calling_place(approved_redirects=["https://app.example.com/in"]).avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure(allow_idp_initiated=True, redirect_url="https://app.example.com/in")
    browser = Visitor(avow.server.site)

    def ends_at(relay_state: str) -> str:
        told = idp.unsolicited()
        fields = {"SAMLResponse": idp.response(told), "RelayState": relay_state}
        return browser.post_from_elsewhere(told.acs_url, fields).location

    case.control(lambda: ends_at("https://app.example.com/in/x").startswith("https://app.example.com/in/x?code="))
    with case.cell("RelayState"):
        for url in REDIRECTS:
            assert ends_at(url).startswith("https://app.example.com/in?code="), url
    with case.cell("page of the application that a start remembers"):
        op = idp.start(return_url="https://app.example.com/in/?next=https://evil.example&code=x&err=y")
        assert idp.arrive(op).location.startswith("https://app.example.com/in/?next=https://evil.example&code=")
        assert "code=x" not in idp.arrive(idp.start(return_url="https://app.example.com/in/?code=x")).location


def outcome(avow: Avow, configure: Callable[[], None]) -> str:
    """Return the status with which settings are refused, or the error that a sign-in by them ends in."""
    try:
        configure()
    except AuthException as refused:
        return str(refused.status_code)
    return go(avow).error


# --- Fetches -----------------------------------------------------------------------------------------------------


def test_s_ssr_01_metadata(case: Case, make_calling_place: MakePlace, peer: OpenIdPeer) -> None:
    avow = make_calling_place().avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    peer.answers["/metadata"] = lambda _: Said(metadata_of(idp.idp).encode(), 200, "application/xml")

    def works() -> bool:
        configure_metadata(avow, f"{peer.url}/metadata")
        return bool(idp.sign_in()["userId"])

    case.control(works)  # the operator allowed loopback there
    with case.cell("the allowed network does not open others"):
        for url in ("http://169.254.169.254/x", "http://10.0.0.1/x", "https://192.168.0.1/x", "http://[::1]:80/x"):
            configure_metadata(avow, url)
            assert go(avow).error == FETCH_FAILED


def test_s_ssr_01_metadata_on_a_hardened_server(case: Case, make_each_place: MakePlace, canary: Canary) -> None:
    avow = make_each_place(approved_redirects=["https://app.example.com"]).avow
    make_tenant(avow, tenant_id="T1")
    written = TenantIdp(avow, make_tenant(avow, tenant_id="T2"))
    written.configure(domains=["two.example"])
    case.control(lambda: bool(written.sign_in(email="a@two.example")["userId"]))
    port = canary.url.rpartition(":")[2].partition("/")[0]
    calls = len(canary.calls)
    for url in (
        f"http://127.0.0.1:{port}/",
        f"https://127.0.0.1:{port}/",
        f"http://[::1]:{port}/",
        f"https://[::ffff:127.0.0.1]:{port}/",
        f"https://0x7f000001:{port}/",
        f"https://2130706433:{port}/",
        f"https://127.1:{port}/",
        f"https://localhost:{port}/",
        f"https://localhost.:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        f"https://user@127.0.0.1:{port}/",
        "file:///etc/hostname",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "data:text/xml,x",
    ):
        for what, configure in {
            "metadata": lambda url: configure_metadata(avow, url),
            "issuer": lambda url: TenantOp(avow, "T1", OpenIdPeer(url, avow.server.clock)).configure(),
        }.items():
            with case.cell(f"{what}, {url.replace(port, 'PORT')}"):
                assert outcome(avow, partial(configure, url)) in ("400", FETCH_FAILED, "E061301")
    with case.cell("metadata and issuer, nobody was called"):
        assert len(canary.calls) == calls


def test_s_ssr_02_metadata_is_not_looked_for_elsewhere(
    case: Case, make_calling_place: MakePlace, peer: OpenIdPeer, canary: Canary
) -> None:
    avow = make_calling_place().avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    peer.answers["/metadata"] = lambda _: Said(metadata_of(idp.idp).encode(), 200, "application/xml")

    def works() -> bool:
        configure_metadata(avow, f"{peer.url}/metadata")
        return bool(idp.sign_in()["userId"])

    case.control(works)
    calls = len(canary.calls)
    for status in (301, 302, 303, 307, 308):
        for where in (canary.url, "file:///etc/hostname", f"{peer.url}/metadata"):
            with case.cell(f"metadata, {status} to {where.rpartition('/')[0].rpartition(':')[0]}, {where[-8:]}"):
                path = f"/moved-{status}-{len(where)}"
                peer.answers[path] = always(Said(b"", status, headers={"location": where}))
                configure_metadata(avow, peer.url + path)
                assert go(avow).error == FETCH_FAILED
    with case.cell("metadata, nobody else was called"):
        assert len(canary.calls) == calls


def test_s_ssr_03_hostile_metadata(case: Case, make_calling_place: MakePlace, peer: OpenIdPeer) -> None:
    avow = make_calling_place().avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    peer.answers["/metadata"] = lambda _: Said(metadata_of(idp.idp).encode(), 200, "application/xml")

    def works() -> bool:
        configure_metadata(avow, f"{peer.url}/metadata")
        return bool(idp.sign_in()["userId"])

    case.control(works)
    hostile: dict[str, Said] = {
        "50 MB": Said(b"<x>" + b" " * 50_000_000 + b"</x>", 200, "application/xml"),
        "5 MB of elements": Said(b"<x>" + b"<a/>" * 1_200_000 + b"</x>", 200, "application/xml"),
        "nested": Said(b"<a>" * 100_000, 200, "application/xml"),
        "a page": Said(b"<html></html>", 200, "text/html"),
        "JSON": Said({"entityID": "x"}),
        "an entity bomb": Said(
            b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>', 200, "text/xml"
        ),
        "compressed": Said(b"\x1f\x8b\x08\x00", 200, "application/xml", {"content-encoding": "gzip"}),
        "an error": Said(b"no", 500),
    }
    for name, said in hostile.items():
        with case.cell(f"metadata, {name}"):
            path = f"/{name.replace(' ', '-')}"
            peer.answers[path] = always(said)
            assert within(5, partial(_begun, avow, peer.url + path)).error == FETCH_FAILED

    def slowly(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(8):
            handler.wfile.write(b"<")
            handler.wfile.flush()
            time.sleep(1)

    for name, write in {"a byte a second": slowly, "silence": lambda _: time.sleep(7)}.items():
        with case.cell(f"metadata, {name}"):
            peer.answers[f"/{name[-6:]}"] = always(Said(write=write))
            page = within(5, partial(_begun, avow, f"{peer.url}/{name[-6:]}"))
            assert page.error == FETCH_FAILED


def _begun(avow: Avow, metadata_url: str) -> Page:
    """Begin a sign-in whose metadata are fetched anew; return the page where it ends."""
    configure_metadata(avow, metadata_url)
    return go(avow)


def test_s_ssr_04_answers_tell_nothing_of_the_fetch(
    case: Case, make_calling_place: MakePlace, peer: OpenIdPeer
) -> None:
    avow = make_calling_place().avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    peer.answers["/metadata"] = lambda _: Said(metadata_of(idp.idp).encode(), 200, "application/xml")
    peer.answers["/401"] = lambda _: Said(b"a banner that nobody sees", 401, "text/plain")
    peer.answers["/text"] = lambda _: Said(b"a banner that nobody sees", 200, "text/plain")

    def works() -> bool:
        configure_metadata(avow, f"{peer.url}/metadata")
        return bool(idp.sign_in()["userId"])

    case.control(works)
    seen: set[tuple[int, str]] = set()
    for name, url in {
        "an open port that speaks no HTTP well": f"{peer.url}/401",
        "a closed port": "http://127.0.0.1:9/",
        "no XML": f"{peer.url}/text",
        "nothing there": f"{peer.url}/none",
        "an address that may not be called": "http://10.0.0.1/",
    }.items():
        with case.cell(f"metadata, {name}"):
            configure_metadata(avow, url)
            page = go(avow)
            assert b"banner" not in page.content
            seen.add((page.status, page.location))
    with case.cell("metadata, one answer for all"):
        assert seen == {(303, f"{PAGE}?err={FETCH_FAILED}")}


# --- What is told and stored -------------------------------------------------------------------------------------


def test_s_idn_07_sso_discovery(case: Case, make_calling_place: MakePlace) -> None:
    avow = make_calling_place(hides_existence=True).avow
    idp = TenantIdp(avow, make_tenant(avow, tenant_id="T1"))
    idp.configure()
    make_user(avow, "alice@example.com")
    case.control(lambda: bool(idp.sign_in()["userId"]))

    def shown(tenant: str) -> tuple[set[str], str, int]:
        found = avow.client().sso.start(tenant, PAGE)
        url, _, token = found["url"].partition("?t=")
        return set(found), url, len(token)

    with case.cell("SSO discovery by domain"):
        answers = [shown(each) for each in ("alice@example.com", new_email(), "eve@example.org", "none", "example.org")]
        assert all(each == answers[0] for each in answers)


def test_s_sec_02_keys_of_saml(case: Case, make_calling_place: MakePlace) -> None:
    place: Place = make_calling_place()
    avow, other = place.avow, make_calling_place().avow
    idps = [TenantIdp(each, make_tenant(each, tenant_id="T1")) for each in (avow, other)]
    for idp in idps:
        idp.configure()
        idp.sign_in()
    case.control(lambda: bool(idps[0].sign_in()["userId"]))
    [key] = avow.run(saml_keys.held)
    stored = everything_stored(avow.server.site.store.url)
    with case.cell("SAML private keys"):
        assert "".join(key.certificate.splitlines()[1:-1])[:40].encode() in stored.replace(b"\n", b"")
        assert not [each for each in spellings(key.private) if each in stored]

    def opener(project: Avow, change: Callable[[SamlKeyRow], SamlKeyRow]) -> Callable[[Tx], Any]:
        [row] = project.run(lambda tx: tx.all(key_rows.SAML_KEYS, SamlKeyRow))
        return lambda tx: saml_keys._opened(tx, change(row))

    [theirs] = other.run(lambda tx: tx.all(key_rows.SAML_KEYS, SamlKeyRow))
    with case.cell("SAML private key of another project"), pytest.raises(SealBroken):
        avow.run(opener(avow, lambda _: theirs))

    def flipped(row: SamlKeyRow) -> SamlKeyRow:
        return dataclasses.replace(row, sealed_private=row.sealed_private[:-1] + bytes([row.sealed_private[-1] ^ 1]))

    with case.cell("SAML private key, a byte of it changed"), pytest.raises(SealBroken):
        avow.run(opener(avow, flipped))
