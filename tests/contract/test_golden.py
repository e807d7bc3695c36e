"""One person's way through everything, as the official SDK sends it and as we answer it, against a recorded one.

Values differ each time; addresses, statuses and the names in bodies do not. `AVOW_TEST_RECORD=1` writes the record.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from descope import LoginOptions

from avow.testing.server import Avow
from tests.contract.conftest import Exchange, Served
from tests.contract.people import EMAIL
from tests.factories import join_tenant, make_tenant, new_email

RECORD = Path(__file__).parent / "exchanges.json"
PAGE = "https://app.example.com/verify"


def outline(exchange: Exchange, project_id: str) -> list[Any]:
    """Return verb, path, names in the request, status, names in the answer."""
    sent, answer = exchange.request.body or b"null", exchange.response.body
    path = exchange.request.path.replace(project_id, "{projectId}")
    return [exchange.request.verb, path, names(sent), exchange.response.status, names(answer)]


def names(body: bytes) -> Any:
    value = json.loads(body or b"null")
    return sorted(value) if isinstance(value, dict) else type(value).__name__


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["t"][0]


def test_exchanges_are_those_of_the_record(
    make_client: Callable[..., Any], make_project: Callable[..., Avow], served: Served
) -> None:
    avow = make_project()
    served.exchanges.clear()
    client = make_client(avow, management_key=None)  # the two colours learn their tier at different times
    go(client, avow)
    seen = [outline(each, avow.project_id) for each in served.exchanges]
    if os.environ.get("AVOW_TEST_RECORD"):
        RECORD.write_text("[\n" + ",\n".join(f"  {json.dumps(each)}" for each in seen) + "\n]\n", encoding="utf-8")
    assert seen == json.loads(RECORD.read_text(encoding="utf-8"))


def go(client: Any, avow: Avow) -> None:
    address, new = new_email(), new_email("new")
    client.otp.sign_up(EMAIL, address, {"name": "Mia", "phone": "+12125551234"})
    first = client.otp.verify_code(EMAIL, address, avow.code(address))
    refresh_jwt = first["refreshSessionToken"]["jwt"]
    client.otp.sign_in(EMAIL, address, LoginOptions(custom_claims={"k": "v"}, locale="de"))
    client.magiclink.sign_in(EMAIL, address, PAGE)
    client.magiclink.verify(token_of(avow.link(address)))
    waiting = client.enchantedlink.sign_up_or_in(address, PAGE)
    [url] = [link.url for link in avow.messages(address)[0].links if link.id == waiting["linkId"]]
    client.enchantedlink.verify(token_of(url))
    client.enchantedlink.get_session(waiting["pendingRef"])
    client.otp.update_user_email(address, new, refresh_jwt)
    tenant = make_tenant(avow)
    join_tenant(avow, first["userId"], tenant)
    client.select_tenant(tenant, refresh_jwt)
    client.refresh_session(refresh_jwt)
    client.me(refresh_jwt)
    client.my_tenants(refresh_jwt, ids=[tenant])
    client.history(refresh_jwt)
    client.logout_all(refresh_jwt)
