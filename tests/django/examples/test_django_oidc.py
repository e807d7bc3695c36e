"""examples/django_oidc: every point of document 004 in Chromium, at npm oidc-provider, and what its API refuses."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.django_oidc.api import make_api
from tests.bed import npm, run
from tests.bed.plugin import program
from tests.bed.web_app_provider import AUDIENCE, WebAppProvider, running_web_app_provider
from tests.examples import ROOT, get, problems_of
from tests.served import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

PROFILE = ["nickname", "name", "picture", "updated_at", "email", "email_verified", "sub"]
README = (ROOT / "examples" / "django_oidc" / "README.md").read_text(encoding="utf-8")
WIDE: "ViewportSize" = {"width": 1100, "height": 800}
NARROW: "ViewportSize" = {"width": 380, "height": 800}


@dataclass(frozen=True, slots=True)
class Running:
    """The example, its API and its provider."""

    url: str
    api: str
    provider: WebAppProvider


@pytest.fixture(scope="module")
def example(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    program(pytestconfig, "oidc-provider")
    folder, port, api_port = tmp_path_factory.mktemp("oidc"), free_port(), free_port()
    url = f"http://localhost:{port}"
    with running_web_app_provider(npm.find_node(), folder, url) as provider:
        words = ["--port", str(port), "--api-port", str(api_port), "--data", str(folder / "data")]
        process = started(words, provider.environment)
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == f"Open {url}"
            wait_for(port)
            wait_for(api_port)
            yield Running(url, f"http://localhost:{api_port}", provider)
        finally:
            process.terminate()
            process.communicate(timeout=20)
            run.forget_process(process.pid)


def started(words: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    known = {name: value for name, value in os.environ.items() if not name.startswith("AUTH0_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.django_oidc", *words],
        cwd=ROOT,
        env={**known, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A run in the background ignores the signal and hands that on; a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    run.note_process(process)
    return process


def wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError("nobody answers")


@pytest.fixture
def page(browser: "Browser", example: Running) -> "Iterator[Page]":
    """Open a page in a fresh browser profile; a script error, or what the policy refuses, fails the test."""
    complaints: list[str] = []
    context = browser.new_context(ignore_https_errors=True, viewport=WIDE, locale="en-GB")
    opened = context.new_page()
    context.route("https://fonts.googleapis.com/**", lambda route: route.abort())  # of the provider's own pages
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if "Content Security" in said.text and example.provider.domain not in opened.url
            else None
        ),
    )
    yield opened
    context.close()
    assert not complaints, complaints


def at_provider(page: "Page", login: str) -> None:
    """Say who one is on the provider's pages, and agree."""
    page.locator("input[name=login]").fill(f"auth0|{login}")
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button").click()
    page.get_by_role("button", name="Continue").click()


def log_in(page: "Page", example: Running, login: str) -> None:
    page.goto(example.url)
    page.get_by_role("link", name="Log In").click()
    at_provider(page, login)
    page.wait_for_url(f"{example.url}/profile")


def shown(page: "Page", area: str = "#desktop") -> list[str]:
    """Return the links of the navigation, as they stand there."""
    return [text.strip() for text in page.locator(f"{area} a").all_inner_texts()]


@pytest.mark.browser
def test_somebody_logs_in_sees_their_profile_and_logs_out(page: "Page", example: Running) -> None:
    page.goto(example.url)
    assert shown(page) == ["Profile", "Public", "Sign Up", "Log In"]
    log_in(page, example, "jane")
    assert shown(page) == ["Profile", "Public", "Protected", "Admin", "Log Out"]
    values = {name: page.locator(f"dd[id='{name}']").inner_text() for name in PROFILE}
    assert values == {
        "nickname": "jane",
        "name": "jane Example",
        "picture": f"{example.provider.url}/picture.png",
        "updated_at": "2026-01-02T03:04:05.678Z",
        "email": "jane@example.com",
        "email_verified": "True",
        "sub": "auth0|jane",
    }
    assert page.locator("dt").all_inner_texts() == PROFILE
    page.locator("#desktop").get_by_role("link", name="Log Out").click()
    page.wait_for_url(f"{example.url}/")
    assert shown(page) == ["Profile", "Public", "Sign Up", "Log In"]
    page.get_by_role("link", name="Log In").click()  # asks again: the provider's session has ended too
    assert page.locator("input[name=login]").is_visible()


@pytest.mark.browser
def test_login_and_sign_up_ask_the_provider_as_the_guide_does(page: "Page", example: Running) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/authorize?" in request.url else None)
    page.goto(example.url)
    page.get_by_role("link", name="Sign Up").click()
    at_provider(page, "newcomer")
    page.wait_for_url(f"{example.url}/profile")
    query = parse_qs(urlsplit(asked[0]).query)
    assert query["screen_hint"] == ["signup"]
    assert query["audience"] == [AUDIENCE]  # with sign-up too, which the guide forgets
    assert query["redirect_uri"] == [f"{example.url}/callback"]
    assert query["scope"] == ["openid profile email"]


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/profile", "/protected", "/admin"])
def test_stranger_is_asked_to_log_in_and_comes_back(page: "Page", example: Running, path: str) -> None:
    page.goto(example.url + path)
    assert page.url.startswith(f"{example.provider.url}/")
    at_provider(page, "jane")
    page.wait_for_url(example.url + path)


@pytest.mark.browser
def test_messages(page: "Page", example: Running) -> None:
    page.goto(f"{example.url}/public")
    assert page.locator("#message").inner_text() == "This is a public message."
    log_in(page, example, "jane")
    page.locator("#desktop").get_by_role("link", name="Protected").click()
    assert page.locator("#message").inner_text() == "This is a protected message."
    page.locator("#desktop").get_by_role("link", name="Admin").click()
    assert page.locator("#message").inner_text() == "Permission denied"


@pytest.mark.browser
def test_admin_message_needs_the_permission(page: "Page", example: Running) -> None:
    log_in(page, example, "admin-ann")
    page.goto(f"{example.url}/admin")
    assert page.locator("#message").inner_text() == "This is an admin message."


@pytest.mark.browser
def test_menu_of_narrow_screens(page: "Page", example: Running) -> None:
    page.set_viewport_size(NARROW)
    page.goto(example.url)
    menu = page.get_by_role("button", name="Menu")
    assert (page.locator("#desktop").is_visible(), page.locator("#mobile").is_visible()) == (False, False)
    assert menu.get_attribute("aria-expanded") == "false"
    menu.click()
    assert menu.get_attribute("aria-expanded") == "true"
    assert shown(page, "#mobile") == ["Profile", "Public", "Sign Up", "Log In"]
    page.locator("#mobile").get_by_role("link", name="Log In").click()
    at_provider(page, "jane")
    page.wait_for_url(f"{example.url}/profile")
    menu.click()
    assert shown(page, "#mobile") == ["Profile", "Public", "Protected", "Admin", "Log Out"]
    menu.click()
    assert not page.locator("#mobile").is_visible()
    menu.click()
    page.locator("#mobile").get_by_role("link", name="Log Out").click()
    page.wait_for_url(f"{example.url}/")
    menu.click()
    assert shown(page, "#mobile") == ["Profile", "Public", "Sign Up", "Log In"]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_looks(page: "Page", example: Running, size: "ViewportSize", scheme: Any) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    found: list[str] = []
    for name, path in (("home", "/"), ("public", "/public"), ("error", "/callback?state=x")):
        page.goto(example.url + path)
        found += problems_of(page, f"django-oidc-{name}-{size['width']}-{scheme}")
    page.goto(f"{example.url}/login")
    at_provider(page, "jane")
    page.wait_for_url(f"{example.url}/profile")
    for name in ("profile", "protected", "admin", "login"):
        page.goto(f"{example.url}/{name}")
        found += problems_of(page, f"django-oidc-{name}-{size['width']}-{scheme}")
    assert found == []


# --- The API server ---


def test_api_says_what_it_wants(example: Running) -> None:
    base = f"{example.api}/api/messages"
    assert get(f"{base}/public").text == '{"text": "This is a public message."}'
    for path in ("protected", "admin"):
        assert (get(f"{base}/{path}").status, get(f"{base}/{path}", "nonsense").status) == (401, 401)
    assert get(f"{base}/other").status == 404


KEY, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def token(key: Any = KEY, algorithm: str = "RS256", **differing: object) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "https://id.example.com/", "aud": AUDIENCE, "sub": "auth0|jane", "iat": now}
    claims |= {"exp": now + 60, "permissions": ["read:admin-messages"], **differing}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": "one"})


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the provider publish the key of the test."""
    from jwt.algorithms import RSAAlgorithm

    published = {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one", "use": "sig", "alg": "RS256"}
    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", lambda self: {"keys": [published]})


@pytest.mark.parametrize(
    ("differing", "status"),
    [
        ({}, 200),
        ({"aud": [AUDIENCE, "https://id.example.com/userinfo"]}, 200),
        ({"permissions": []}, 403),
        ({"permissions": None}, 403),
        ({"permissions": "read:admin-messages"}, 403),
        ({"permissions": ["read:admin-messages-not"]}, 403),
        ({"aud": "https://other.example.com"}, 401),
        ({"iss": "https://id.example.com"}, 401),
        ({"iss": "https://evil.example/"}, 401),
        ({"exp": 1}, 401),
        ({"exp": None}, 401),
        ({"sub": None}, 401),
        ({"key": STRANGER}, 401),
        ({"key": "k" * 32, "algorithm": "HS256"}, 401),
        ({"key": None, "algorithm": "none"}, 401),
    ],
)
def test_api_takes_good_tokens_only(keys: None, differing: dict[str, Any], status: int) -> None:
    assert ask_api(f"Bearer {token(**differing)}") == status
    assert ask_api(f"Basic {token(**differing)}") == 401


def ask_api(header: str) -> int:
    """Ask for the admin message; return the status."""
    answered: list[str] = []
    environ = {"PATH_INFO": "/api/messages/admin", "HTTP_AUTHORIZATION": header}
    list(make_api("id.example.com", AUDIENCE)(environ, lambda status, _: answered.append(status)))
    return int(answered[0].partition(" ")[0])


# --- Its command ---


def test_command_says_what_it_needs(tmp_path: Path) -> None:
    process = started(["--env", str(tmp_path / "none"), "--data", str(tmp_path)], {})
    _, said = process.communicate(timeout=30)
    run.forget_process(process.pid)
    assert process.returncode == 1
    assert "Set AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_AUDIENCE" in said


def test_command_reads_the_file_of_the_readme(tmp_path: Path) -> None:
    [file] = [block for block in README.split("```")[1::2] if block.startswith("\nAUTH0_DOMAIN")]
    (tmp_path / ".env").write_text(file, encoding="utf-8")
    port, api_port = free_port(), free_port()
    words = ["--env", str(tmp_path / ".env"), "--data", str(tmp_path / "data")]
    process = started([*words, "--port", str(port), "--api-port", str(api_port)], {})
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Open ")
        wait_for(port)
        assert get(f"http://localhost:{port}/public").status == 200
        assert get(f"http://localhost:{port}/login").status in {502, 503}  # that provider is nowhere
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        run.forget_process(process.pid)
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", api_port), timeout=1).close()
        raise AssertionError("the API server did not end with the application")
