"""POST /v1/auth/enchantedlink/{signup,signin,signup-in}/{method} and /update: three links, one number."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import make_user, new_email, new_phone
from tests.server.api import PAGE, Api, token_of

STARTS = ("signup", "signin", "signup-in")


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("method", ["email", "sms"])
def test_three_links_with_different_numbers_are_sent(name: str, method: str, api: Api) -> None:
    address = new_email() if method == "email" else new_phone()
    if name == "signin":
        make_user(api.avow, address)
    answer = api.post(f"/v1/auth/enchantedlink/{name}/{method}", {"loginId": address, "URI": PAGE})
    [message] = api.avow.messages(address)
    numbers = [link.id for link in message.links]
    assert answer["linkId"] in numbers
    assert len(set(numbers)) == 3
    assert all(10 <= int(number) <= 99 for number in numbers)
    assert len({token_of(link.url) for link in message.links}) == 3
    assert all(link.url.startswith(f"{PAGE}?t=") for link in message.links)
    assert answer["pendingRef"] not in message.text + message.html


@pytest.mark.parametrize("method", ["voice", "whatsapp"])
def test_other_delivery_methods_are_not_found(method: str, api: Api) -> None:
    assert api.post(f"/v1/auth/enchantedlink/signup-in/{method}", {"loginId": new_phone()}).status == 404


def test_without_a_page_the_links_lead_to_our_own_with_their_numbers(api: Api) -> None:
    address = new_email()
    api.post("/v1/auth/enchantedlink/signup-in/email", {"loginId": address})
    for link in api.avow.messages(address)[0].links:
        assert link.url.startswith(f"http://localhost:8000/enchanted-link/{api.avow.project_id}?t=")
        assert link.url.endswith(f"&n={link.id}")


def test_page_that_is_not_approved_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(approved_redirects=["https://app.example.com/"]))
    body = {"loginId": new_email(), "URI": "https://evil.example.org/"}
    assert api.post("/v1/auth/enchantedlink/signup-in/email", body).refusal == (400, "E011004")


def test_method_that_is_switched_off_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(sign_in_methods=["otp"]))
    assert api.post("/v1/auth/enchantedlink/signup-in/email", {"loginId": new_email()}).refusal == (400, "E019400")


def test_refusals_are_those_of_every_start(api: Api) -> None:
    known, unknown = new_email(), new_email()
    make_user(api.avow, known)
    assert api.post("/v1/auth/enchantedlink/signup/email", {"loginId": known}).refusal == (400, "E062107")
    assert api.post("/v1/auth/enchantedlink/signin/email", {"loginId": unknown}).refusal == (401, "E062108")


def test_updates_need_a_live_session(api: Api) -> None:
    address = new_email()
    token = api.sign_in(address)["refreshJwt"]
    body = {"loginId": address, "email": new_email("new"), "phone": new_phone(), "URI": PAGE}
    for path in ("/v1/auth/enchantedlink/update/email", "/v1/auth/enchantedlink/update/phone/sms"):
        assert api.post(path, body).refusal == (401, "E019401")
        assert api.post(path, body, token=token)["linkId"]
