"""S-OP-11: what a logout token says, and what its receiver can do to us."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from avow.testing.server import Avow, Server
from tests.bed.cases import Case
from tests.factories import new_email
from tests.server.oidc.hearing import Ear, listening
from tests.server.oidc.relying import Rp, claims, header
from tests.server.pages.browsing import Browser

_LONGEST_SECONDS = 5


@pytest.fixture
def ear(provider_server: Server) -> Iterator[Ear]:
    with listening(provider_server) as started:
        yield started


def leave(rp: Rp, browser: Browser, token: str) -> float:
    """Log out; return the seconds that it took."""
    begun = time.monotonic()
    page = browser.get(f"{rp.prefix}/oidc/logout?{urlencode({'id_token_hint': token})}")
    assert page.status in (200, 302, 303)
    return time.monotonic() - begun


def hang(handler: Any) -> None:
    time.sleep(7)


def flood(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
    for _ in range(16_384):
        handler.wfile.write(b"x" * 65_536)


def test_s_op_11_logout_token(case: Case, project: Avow, ear: Ear) -> None:
    c1 = ear.app(project)

    def left() -> tuple[dict[str, Any], float]:
        browser = c1.browser()
        token = c1.tokens(browser, new_email())["id_token"]
        return claims(token), leave(c1, browser, token)

    def works() -> bool:
        ear.tell()  # of attacks before
        ear.receiver.requests.clear()
        said, _ = left()
        ear.tell()
        return [each["sid"] for each in ear.told(c1)] == [said["sid"]]

    case.control(works)
    ear.receiver.requests.clear()
    said, _ = left()
    ear.tell()
    [token] = ear.tokens()
    told = claims(token)
    with case.cell("token"):
        assert header(token)["typ"] == "logout+jwt"
        assert header(token)["kid"] in c1.key_set()
        assert told.keys() == {"iss", "aud", "sub", "sid", "iat", "exp", "jti", "events"}
        assert (told["iss"], told["aud"], told["sub"], told["sid"]) == (c1.issuer, c1.id, said["sub"], said["sid"])
        assert 0 < told["exp"] - told["iat"] <= 120
        assert told["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    with case.cell("jti unique"):
        left()
        ear.tell()
        assert len({claims(each)["jti"] for each in ear.tokens()}) == len(ear.tokens()) == 2
    with case.cell("not taken back as an ID token, hint or access token"):
        browser = c1.browser()
        c1.tokens(browser, new_email())
        assert c1.userinfo(token).status == 401
        page = browser.get(f"{c1.prefix}/oidc/logout?{urlencode({'id_token_hint': token})}")
        assert page.status == 200  # asked, not done
    for name, act, status in (("hangs", hang, 0), ("500", None, 500), ("302", None, 302), ("1 GB", flood, 0)):
        with case.cell(name):
            attacked(c1, ear, act, status, left)
    ear.receiver.act, ear.receiver.status, ear.receiver.headers = None, 204, {}
    project.run(lambda tx: tx.run("DELETE FROM oidc_logouts WHERE project_id = :project_id"))


def attacked(c1: Rp, ear: Ear, act: Any, status: int, left: Any) -> None:
    """Log out twice beside a herald that is busy with the receiver; nobody waits, and it is retried as documented."""
    ear.receiver.requests.clear()
    c1.avow.run(lambda tx: tx.run("DELETE FROM oidc_logouts WHERE project_id = :project_id"))
    ear.receiver.act, ear.receiver.status = act, status
    ear.receiver.headers = {"location": ear.receiver.url.replace("/events", "/inner")} if status == 302 else {}
    left()
    begun = time.monotonic()
    busy = threading.Thread(target=ear.tell)
    busy.start()
    _, seconds = left()
    busy.join(20)
    assert seconds < _LONGEST_SECONDS
    assert time.monotonic() - begun < 2 * _LONGEST_SECONDS  # the call that hangs takes one of them
    assert {each.path for each in ear.receiver.requests} == {"/events"}
    waiting = [row for row in ear.waiting(c1.avow) if row[1]]
    if act is flood:
        assert waiting == []  # it answered 200; the rest of what it says is not read
    else:
        [(state, attempts, due_at, _)] = waiting
        assert (state, attempts, due_at) == ("waiting", 1, c1.avow.server.clock() + 10)
