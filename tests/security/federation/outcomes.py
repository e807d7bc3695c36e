"""What has to follow, and what must not, when a sign-in elsewhere is refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from avow.errors import AuthException
from avow.testing.server import Avow
from tests.bed.social import Social
from tests.bed.visitor import Page
from tests.security.calls import carries_token
from tests.security.place import dump

__all__ = ["assert_refused_page", "nothing_comes_of_it"]

_TABLES = {
    "users": "id",
    "login_ids": "login_id",
    "identities": "way, issuer, subject",
    "provider_tokens": "user_id",
    "sessions": "id",
}


@contextmanager
def nothing_comes_of_it(social: Social, *, events: int = 1) -> Iterator[None]:
    """See that no user, identity, token, session or exchange code comes of what is tried, and how often that is noted.

    Args:
        social: Whose project.
        events: How many refused sign-ins the audit has afterwards, each with its reason.
    """
    before, noted = _stored(social.avow), len(_refused(social))
    yield
    assert _stored(social.avow) == before
    found = _refused(social)[: len(_refused(social)) - noted]
    assert len(found) == events, found
    assert all(each["data"]["reason"] for each in found)


def assert_refused_page(page: Page) -> None:
    """See that an answer is a refusal: a page with its status, or the application's page with an error alone."""
    if page.status in (302, 303):
        assert page.location.startswith("https://app.example.com/"), page.location
        assert page.error.startswith("E0")
        assert page.location.count("?") == 1
        assert set(page.location.partition("?")[2].split("&")) == {f"err={page.error}"}
        return
    assert page.status in (400, 401, 403), (page.status, page.content[:300])
    assert not any(cookie.startswith(("DS=", "DSR=")) for cookie in page.set_cookies)
    assert not carries_token(page.content)


def assert_no_session(call: Callable[[], object]) -> None:
    """See that a call of the SDK is refused with 401."""
    with pytest.raises(AuthException) as refused:
        call()
    assert refused.value.status_code == 401


def _stored(avow: Avow) -> list[object]:
    rows: list[object] = [row for table, order in _TABLES.items() for row in dump(avow, table, order)]
    codes = [row for row in dump(avow, "challenges") if "oauth-code" in row or "sso-code" in row]
    return rows + list(codes)


def _refused(social: Social) -> list[dict[str, dict[str, str]]]:
    return [each for each in social.audited() if each["data"].get("reason")]
