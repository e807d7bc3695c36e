"""docs/flask.md and docs/fastapi.md: an application built from each page's own blocks does what the page says."""

import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from avow.sdk.integration.session import Tokens
from avow.sdk.integration.settings import Arguments, Settings
from avow.testing.server import Avow, Server
from tests.applications import OWN_PAGE, REFRESH_COOKIE, SESSION_COOKIE, signed_in
from tests.served import over_http

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^`shop\.py`(?: \(added\))?:\n\n```py\n(.*?)^```", re.MULTILINE | re.DOTALL)
MEMBER: dict[str, Any] = {
    "roles_of_project": {"admin": [], "editor": ["articles:write"]},
    "tenant_id": "acme",
    "roles_in_tenant": {"clerk": ["bills:read"]},
}
# What each page's application answers to whom: a stranger, a person, a person with rights.
FLASK = {
    "/": (401, 200, 200),
    "/articles": (401, 403, 200),
    "/admin": (401, 403, 200),
    "/tenants/acme/bills": (401, 403, 200),
    "/tenants/other/bills": (401, 403, 403),
    "/team": (401, 403, 403),
    "/welcome": (200, 200, 200),
    "/get_secret_message": (401, 200, 200),
}
FASTAPI = {
    "/me": (401, 200, 200),
    "/admin": (401, 403, 200),
    "/tenants/acme/bills": (401, 403, 200),
    "/tenants/other/bills": (401, 403, 403),
    "/welcome": (200, 200, 200),
    "/profile": (401, 403, 403),
}


@dataclass(frozen=True, slots=True)
class People:
    """Who visits: the project, somebody, and somebody with rights."""

    avow: Avow
    somebody: Tokens
    member: Tokens


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Server, str]]:
    server = Server()
    with over_http(server) as url:
        server.site.courier.stop()
        yield server, url
    server.close()


@pytest.fixture
def people(served: tuple[Server, str], monkeypatch: pytest.MonkeyPatch) -> People:
    """Give the environment that the page speaks of."""
    server, url = served
    avow = server.project()
    for name in [name for name in os.environ if name.startswith(("AVOW_", "DESCOPE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AVOW_BASE_URL", url)
    monkeypatch.setenv("AVOW_PROJECT_ID", avow.project_id)
    return People(avow, signed_in(avow), signed_in(avow, **MEMBER))


def built(page: str, folder: Path) -> Any:
    """Return the application of a page."""
    file = folder / "shop.py"
    file.write_text("\n".join(BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shop", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.mark.parametrize("page", ["flask.md", "fastapi.md"])
def test_beginning_has_ten_lines_at_most(page: str) -> None:
    first = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))[0]
    assert len([line for line in first.splitlines() if line]) <= 10


def test_flask_application_of_the_page(people: People, tmp_path: Path) -> None:
    app = built("flask.md", tmp_path)
    for path, expected in FLASK.items():
        whose: list[dict[str, str]] = [{}, bearer(people.somebody), bearer(people.member)]
        assert tuple(app.test_client().get(path, headers=one).status_code for one in whose) == expected, path
    browser = app.test_client()
    html = {"Accept": "text/html"}
    login = browser.get("/", headers=html)
    assert login.location == "/auth/login?next=%2F"
    assert people.avow.project_id in browser.get(login.location, headers=html).text
    kept = {"sessionJwt": people.somebody.session, "refreshJwt": people.somebody.refresh}
    assert browser.post("/auth/store", json=kept, headers=OWN_PAGE).status_code == 200
    assert browser.get("/", headers=html).text.startswith("Hello U")
    assert browser.post("/auth/logout", headers=OWN_PAGE).status_code == 200
    assert browser.get("/", headers=html).status_code == 303
    app.extensions["avow"].client.close()


def test_fastapi_application_of_the_page(people: People, tmp_path: Path) -> None:
    with TestClient(built("fastapi.md", tmp_path), "https://shop.example.com", follow_redirects=False) as browser:
        for path, expected in FASTAPI.items():
            whose: list[dict[str, str]] = [{}, bearer(people.somebody), bearer(people.member)]
            assert tuple(browser.get(path, headers=one).status_code for one in whose) == expected, path
        assert browser.post("/articles", headers=bearer(people.member)).status_code == 200
        assert browser.post("/articles", headers=bearer(people.somebody)).status_code == 403
        assert people.avow.project_id in browser.get("/auth/login").text
        kept = {"sessionJwt": people.somebody.session, "refreshJwt": people.somebody.refresh}
        assert browser.post("/auth/store", json=kept, headers=OWN_PAGE).status_code == 200
        assert browser.get("/me").status_code == 200
        assert "@example.com" in browser.get("/profile").json()["email"]
        assert browser.post("/auth/logout", headers=OWN_PAGE).status_code == 200
        assert browser.get("/me").status_code == 401


def test_every_setting_stands_in_the_page() -> None:
    table = (DOCS / "flask.md").read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    named = set(
        re.findall(r"`AVOW_([A-Z_]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    )
    assert named == {one.name.upper() for one in fields(Settings)}


def test_arguments_are_the_settings() -> None:
    assert set(Arguments.__annotations__) == {one.name for one in fields(Settings)}


def bearer(tokens: Tokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.session}"}


def test_cookies_have_the_names_of_the_page() -> None:
    page = (DOCS / "flask.md").read_text(encoding="utf-8")
    assert f"`{SESSION_COOKIE}`" in page
    assert f"`{REFRESH_COOKIE}`" in page
