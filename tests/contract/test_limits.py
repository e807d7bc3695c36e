"""Rate limits through the official SDK: reached by real traffic, and over after the seconds that it is told."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import API_RATE_LIMIT_RETRY_AFTER_HEADER, AuthException, RateLimitException

from avow.testing.server import Avow
from tests.contract.people import EMAIL, Person
from tests.factories import change_settings, new_email

PAGE = "https://app.example.com/verify"


def limited(call: Callable[[], object], most: int) -> RateLimitException:
    """Call until the limit is reached, at most so often; return the refusal."""
    for _ in range(most):
        try:
            call()
        except RateLimitException as refused:
            return refused
    raise AssertionError(f"{most} calls were all let through")


@pytest.mark.operation("otp.sign_up_or_in", "magiclink.sign_up_or_in", "enchantedlink.sign_up_or_in")
@pytest.mark.parametrize("method", ["otp", "magiclink", "enchantedlink"])
def test_messages_to_one_address_are_limited(method: str, client: Any, avow: Avow) -> None:
    address = new_email()
    arguments: tuple[Any, ...] = {
        "otp": (EMAIL, address),
        "magiclink": (EMAIL, address, PAGE),
        "enchantedlink": (address, PAGE),
    }[method]

    def start() -> object:
        return getattr(client, method).sign_up_or_in(*arguments)

    for _ in range(5):
        start()
    with pytest.raises(RateLimitException) as refused:
        start()
    code: object = refused.value.status_code  # a text here, whatever its declaration says
    assert code == "E130429"
    assert refused.value.error_type == "API rate limit exceeded"
    assert refused.value.error_description
    assert refused.value.error_message
    seconds = refused.value.rate_limit_parameters[API_RATE_LIMIT_RETRY_AFTER_HEADER]
    assert isinstance(seconds, int)
    assert 0 < seconds <= 600
    avow.advance(seconds - 30)  # the clock under the offset goes on meanwhile
    with pytest.raises(RateLimitException):
        start()
    avow.advance(30)
    assert start()


@pytest.mark.operation("me")
@pytest.mark.parametrize("setting", ["requests_per_minute", "project_requests_per_minute"])
def test_requests_are_limited(
    setting: str, client: Any, avow: Avow, sign_in: Callable[..., Person], advance: Callable[[int], None]
) -> None:
    person = sign_in()
    change_settings(avow, {setting: 20})
    advance(86400)  # a minute that no other test has counted in
    refused = limited(lambda: client.me(person.refresh_jwt), 60)
    seconds = refused.rate_limit_parameters[API_RATE_LIMIT_RETRY_AFTER_HEADER]
    assert 0 < seconds <= 60
    advance(seconds)
    assert client.me(person.refresh_jwt)["userId"] == person.id


def test_limit_is_no_other_refusal() -> None:
    assert not issubclass(RateLimitException, AuthException)
