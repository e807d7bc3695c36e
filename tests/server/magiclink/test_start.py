"""POST /v1/auth/magiclink/{signup,signin,signup-in}/{method}: what the three have in common."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import PAGE, Api, Statements, token_of

STARTS = ("signup", "signin", "signup-in")


def start(api: Api, name: str, address: str, method: str = "email", **fields: object) -> tuple[int, str]:
    """Start with a user who fits the route; return the refusal, or (200, "")."""
    if name == "signin":
        make_user(api.avow, address)
    reply = api.post(f"/v1/auth/magiclink/{name}/{method}", {"loginId": address, "URI": PAGE, **fields})
    return reply.refusal


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("method", ["email", "sms", "voice", "whatsapp"])
def test_link_leads_to_the_page_named(name: str, method: str, api: Api) -> None:
    address = new_email() if method == "email" else new_phone()
    assert start(api, name, address, method) == (200, "")
    [message] = api.avow.messages(address)
    assert message.channel == method
    assert message.link.startswith(f"{PAGE}?t=")


@pytest.mark.parametrize("name", STARTS)
def test_newer_name_of_the_page_will_do(name: str, api: Api) -> None:
    address = new_email()
    assert start(api, name, address, URI=None, redirectUrl=f"{PAGE}/new") == (200, "")
    assert api.avow.link(address).startswith(f"{PAGE}/new?t=")


@pytest.mark.parametrize("name", STARTS)
def test_page_that_is_not_approved_is_refused(name: str, make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(approved_redirects=["https://app.example.com/a"]))
    assert start(api, name, new_email(), URI="https://app.example.com.example.org/a") == (400, "E011004")
    assert start(api, name, new_email(), URI="https://app.example.com/ab") == (400, "E011004")
    assert start(api, name, new_email(), URI="https://app.example.com/a/b") == (200, "")


@pytest.mark.parametrize("name", STARTS)
def test_without_a_page_the_link_leads_to_our_own(name: str, api: Api) -> None:
    address = new_email()
    assert start(api, name, address, URI=None) == (200, "")
    assert api.avow.link(address).startswith(f"http://localhost:8000/magic-link/{api.avow.project_id}?t=")


@pytest.mark.parametrize("name", STARTS)
def test_method_that_is_switched_off_is_refused(name: str, make_project: Callable[..., Avow]) -> None:
    assert start(Api(make_project(sign_in_methods=["otp"])), name, new_email()) == (400, "E019400")


def test_sign_up_of_a_known_user_is_refused(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    assert start(api, "signup", address) == (400, "E062107")


def test_sign_in_of_nobody_is_refused(api: Api) -> None:
    refused = api.post("/v1/auth/magiclink/signin/email", {"loginId": new_email(), "URI": PAGE})
    assert refused.refusal == (401, "E062108")


def test_codes_and_links_to_one_address_share_its_limit(api: Api) -> None:
    address = new_email()
    for _ in range(3):
        assert start(api, "signup-in", address) == (200, "")
    for _ in range(2):
        assert api.post("/v1/auth/otp/signup-in/email", {"loginId": address}).status == 200
    assert start(api, "signup-in", address) == (429, "E130429")


def test_newer_link_takes_the_place_of_the_older(api: Api) -> None:
    address = new_email()
    tokens = []
    for _ in range(2):
        start(api, "signup-in", address)
        tokens.append(token_of(api.avow.link(address)))
    older, newer = tokens
    assert api.post("/v1/auth/magiclink/verify", {"token": older}).refusal == (401, "E063010")
    assert api.post("/v1/auth/magiclink/verify", {"token": newer}).status == 200


def test_link_and_code_live_side_by_side(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    api.post("/v1/auth/otp/signin/email", {"loginId": address})
    code = api.avow.code(address)
    api.post("/v1/auth/magiclink/signin/email", {"loginId": address, "URI": PAGE})
    assert api.verify_code(address, code).status == 200
    assert api.post("/v1/auth/magiclink/verify", {"token": api.link_token(address)}).status == 200


def test_send_runs_five_statements(api: Api, statements: Statements) -> None:
    api.post("/v1/auth/magiclink/signup/email", {"loginId": new_email(), "URI": PAGE})
    with statements:
        api.post("/v1/auth/magiclink/signup/email", {"loginId": new_email(), "URI": PAGE})
    assert statements.ran == [
        "users.OWNER",
        "challenges.PUT",
        "delivery.LOCK_SENDS",
        "delivery.SENDS",
        "delivery.INSERT_MESSAGE",
    ]
