"""S-LNK-03 and 04: where links lead is for the project to say, not for whoever asks for them."""

import json
import re
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from avow.testing.server import Server
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, state
from tests.security.place import Place, in_process
from tests.server.pages.browsing import Browser

APP = "https://app.example.com"
EVIL = (
    "https://evil.example",
    "//evil.example",
    "https://app.example.com.evil.example",
    "https://app.example.com@evil.example",
    "https://app.example.com:443@evil.example/",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "https://evil.example\\@app.example.com",
    "https://evil.example#@app.example.com",
    "https://evil.example?@app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.co",
    "https://xapp.example.com",
    "https://app.example.com\t.evil.example",
    "https://app.example.com\n.evil.example",
    " https://evil.example",
    "https://app。example.com",
    "https://app.example.com%2eevil.example",
    "https://app.example.com%00.evil.example",
    "https:app.example.com",
    "https:///app.example.com",
    "app.example.com",
    "/verify",
    "https://[::1]/",
)


def test_s_lnk_03_target_cannot_be_chosen_by_an_attacker(
    case: Case, make_each_place: MakePlace, make_server: Callable[..., Server]
) -> None:
    place = make_each_place(approved_redirects=[f"{APP}/*"])
    person = place.sign_in()

    def leads_to_the_application() -> bool:
        login_id = new_email()
        place.send_magic_link(login_id, URI=f"{APP}/verify?next=%2Fhome")
        return place.avow.link(login_id).startswith(f"{APP}/verify?next=%2Fhome&t=")

    case.control(leads_to_the_application)
    before, mails = state(place, STARTED), len(place.avow.messages())
    for method in ("magiclink", "enchantedlink"):
        for how in ("signup", "signin", "signup-in", "update"):
            for name in ("URI", "redirectUrl"):
                for url in EVIL:
                    with case.cell(f"{method} {how}, {name} {url!r}"):
                        body = {"loginId": new_email() if how == "signup" else person.login_id, name: url}
                        token = person.refresh_jwt if how == "update" else ""
                        body |= {"email": new_email()} if how == "update" else {}
                        answer = place.api.post(f"/v1/auth/{method}/{how}/email", token, body)
                        assert_refused(answer, 400)
                        assert answer.body["errorCode"].startswith("E0110")
    with case.cell("nothing was stored or sent"):
        assert state(place, STARTED) == before
        assert len(place.avow.messages()) == mails
    with case.cell("without a list there is no target but ours"):
        closed = in_process(make_server(is_development=False))
        for url in (f"{APP}/verify", f"{closed.avow.server.site.settings.public_url}/verify"):
            assert_refused(closed.api.post("/v1/auth/magiclink/signup/email", body=_sign_up(URI=url)), 400)
        assert closed.api.post("/v1/auth/magiclink/signup/email", body=_sign_up()).status == 200
    with case.cell("a default of the project cannot be overridden by an empty target"):
        place = make_each_place(approved_redirects=[APP], default_redirects={"magiclink": f"{APP}/default"})
        login_id = new_email()
        place.send_magic_link(login_id, URI="", redirectUrl="")
        assert place.avow.link(login_id).startswith(f"{APP}/default?t=")


def _sign_up(**fields: object) -> dict[str, object]:
    return {"loginId": new_email(), **fields}


def test_s_lnk_04_host_and_forwarding_headers_do_not_shape_links(case: Case, place: Place) -> None:
    assert place.servers is not None
    own = place.servers.url
    person = place.sign_in()
    case.control(lambda: _leads_home(place, own, {}))
    lies: dict[str, dict[str, str]] = {
        "Host": {"host": "evil.example"},
        "Host with a port": {"host": "evil.example:80"},
        "Host with a user": {"host": f"{urlsplit(own).netloc}@evil.example"},
        "X-Forwarded-Host": {"x-forwarded-host": "evil.example"},
        "X-Forwarded-Proto": {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example"},
        "X-Forwarded-Prefix": {"x-forwarded-prefix": "//evil.example", "x-forwarded-port": "80"},
        "Forwarded": {"forwarded": "host=evil.example;proto=http;for=evil.example"},
        "X-Original-URL": {"x-original-url": "https://evil.example/", "x-rewrite-url": "https://evil.example/"},
        "Origin and Referer": {"origin": "https://evil.example", "referer": "https://evil.example/"},
        "all of them": {
            "host": "evil.example",
            "x-forwarded-host": "evil.example",
            "x-forwarded-proto": "http",
            "forwarded": "host=evil.example",
        },
    }
    for name, headers in lies.items():
        with case.cell(name):
            assert _leads_home(place, own, headers)
    for target in ("http://evil.example", "https://evil.example:8443"):
        with case.cell(f"absolute form of the request line, {target}"):
            assert _leads_home(place, own, {}, target=target)
    with case.cell("two Host headers"):
        assert _leads_home(place, own, {"host": "evil.example", "Host": "evil.example"})
    with case.cell("a change of address"):
        address = new_email()
        body = {"loginId": person.login_id, "email": address}
        headers = {"x-forwarded-host": "evil.example"}
        path = "/v1/auth/magiclink/update/email"
        assert place.api.post(path, person.refresh_jwt, body, headers=headers).status == 200
        assert place.avow.link(address).startswith(f"{own}/magic-link/")
    with case.cell("answers"):
        told = _raw(place, f"/login/{place.avow.project_id}", {"host": "evil.example"}, verb="GET")
        assert b" 200 " in told.split(b"\r\n")[0]
        assert b"evil.example" not in told


def test_s_lnk_04_forms_of_the_pages(case: Case, each_place: Place) -> None:
    own = each_place.avow.server.site.settings.public_url
    lies = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}

    def asked(how: str, headers: Mapping[str, str]) -> list[str]:
        login_id = new_email()
        browser = Browser(each_place.avow)
        browser.headers.update(headers)
        page = browser.ask(login_id, how)
        assert page.status == 200
        assert "evil.example" not in page.html
        assert "evil.example" not in str(page.headers)
        letter = each_place.avow.messages(login_id)[0]
        assert "evil.example" not in letter.text + letter.html
        return [letter.link] if letter.link else [link.url for link in letter.links]

    case.control(lambda: asked("link", {})[0].startswith(own))
    for how in ("link", "number"):
        with case.cell(f"page form, {how}"):
            assert all(link.startswith(f"{own}/") for link in asked(how, lies))


def _leads_home(place: Place, own: str, headers: Mapping[str, str], target: str = "") -> bool:
    """Start both kinds of link with these headers; whatever is mailed leads to the configured address."""
    for method, page in (("magiclink", "magic-link"), ("enchantedlink", "enchanted-link")):
        login_id = new_email()
        told = _raw(place, f"/v1/auth/{method}/signup/email", headers, {"loginId": login_id}, target=target)
        status = int(told.split(b" ", 2)[1])
        assert status in (200, 400), told[:200]
        assert b"evil.example" not in told
        letters = place.avow.messages(login_id)
        assert len(letters) == (status == 200)
        for letter in letters:
            found = re.findall(r"https?://[^\s\"'<>]+", letter.text + letter.html)
            assert found
            assert {url.startswith(f"{own}/{page}/") for url in found} == {True}, found
            assert "evil.example" not in letter.text + letter.html
    return bool(headers or target) or status == 200


def _raw(
    place: Place, path: str, headers: Mapping[str, str], body: object = None, *, verb: str = "POST", target: str = ""
) -> bytes:
    """Send a request as bytes, headers and request line as they are given; return all that comes back."""
    port = urlsplit(place.http.urls[0]).port
    content = b"" if body is None else json.dumps(body).encode()
    given = {"host": f"localhost:{port}"} if "host" not in headers else {}
    given |= {"authorization": f"Bearer {place.avow.project_id}", "content-type": "application/json"}
    lines = [f"{verb} {target}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**given, **headers}.items())]
    lines += [f"content-length: {len(content)}", "connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port or 0), timeout=20) as line:
        line.sendall("\r\n".join(lines).encode() + content)
        parts = []
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)
