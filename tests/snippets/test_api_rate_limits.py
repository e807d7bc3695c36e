"""The manual, heading "API Rate limits": reached by real traffic through our SDK and through the official one."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import descope
import pytest

import avow as our_sdk
from avow.testing.server import Avow, Server
from tests.served import over_http


@pytest.fixture(scope="module")
def base_url(server: Server) -> Iterator[str]:
    with over_http(server, keeps=True) as url:
        yield url


@pytest.fixture(params=["ours", "official"])
def sdk(request: pytest.FixtureRequest) -> ModuleType:
    return our_sdk if request.param == "ours" else descope


@pytest.fixture
def client(sdk: ModuleType, base_url: str, avow: Avow) -> Iterator[Any]:
    made = sdk.DescopeClient(project_id=avow.project_id, base_url=base_url)
    yield made
    if sdk is our_sdk:
        made.close()


def seconds_to_wait(sdk: ModuleType, descope_client: Any, email: str) -> int | None:
    """Run the manual's code block; return None when the call was let through."""
    DeliveryMethod, RateLimitException = sdk.DeliveryMethod, sdk.RateLimitException  # noqa: N806 - names of the manual
    API_RATE_LIMIT_RETRY_AFTER_HEADER = sdk.API_RATE_LIMIT_RETRY_AFTER_HEADER  # noqa: N806 - as above
    try:
        descope_client.magiclink.sign_up_or_in(
            method=DeliveryMethod.EMAIL,
            login_id=email,
            uri="http://myapp.com/verify-magic-link",
        )
    except RateLimitException as e:
        retry_after_seconds = e.rate_limit_parameters.get(API_RATE_LIMIT_RETRY_AFTER_HEADER)
        # This variable indicates how many seconds until the next valid API call can take place.
        assert isinstance(retry_after_seconds, int)
        return retry_after_seconds
    return None


def test_api_rate_limit_is_reached_and_over_after_the_seconds_told(
    sdk: ModuleType, client: Any, avow: Avow, email: str
) -> None:
    answers = [seconds_to_wait(sdk, client, email) for _ in range(6)]
    assert answers[:5] == [None] * 5
    retry_after_seconds = answers[5]
    assert retry_after_seconds
    assert 0 < retry_after_seconds <= 600
    avow.advance(retry_after_seconds)
    assert seconds_to_wait(sdk, client, email) is None
    assert avow.link(email).startswith("http://myapp.com/verify-magic-link?t=")
