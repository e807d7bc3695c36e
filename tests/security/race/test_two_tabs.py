"""Two tabs of one browser that refresh in the same moment, over and over: nobody is logged out."""

from collections.abc import Callable

import pytest

from tests.security.conftest import MakePlace
from tests.security.place import Place, claims_of, claims_text

GRACE_SECONDS = 30


@pytest.mark.timeout(600)  # a thousand rounds
def test_two_tabs_at_once_stay_in_and_a_stale_generation_ends_the_family(
    make_place: MakePlace, rounds: Callable[[int, int], int]
) -> None:
    place = make_place(rotation="always", rotation_grace_seconds=GRACE_SECONDS)
    token = place.sign_in().refresh_jwt
    stale = token
    for number in range(rounds(60, 1000)):
        place.advance(GRACE_SECONDS + 1)
        tabs = _refreshed_twice(place, token)
        generations = {claims_of(tab)["gen"] for tab in tabs}
        assert generations == {claims_of(token)["gen"] + 1}
        assert len({claims_text(tab) for tab in tabs}) == 1
        if number % 5 == 0:  # the answer is lost, and asked for again with what the tab still has
            again = place.api.refresh(token).body["refreshJwt"]
            assert claims_text(again) == claims_text(tabs[0])
        stale, token = token, tabs[0]

    place.advance(GRACE_SECONDS + 1)
    assert place.api.me(token).status == 200
    assert place.api.refresh(stale).status == 401
    assert place.api.refresh(token).status == 401
    assert place.api.me(token).status == 401
    assert [row for row in place.rows("audit_events") if "session.reuse_detected" in row]


def _refreshed_twice(place: Place, token: str) -> list[str]:
    answers = place.http.send_at_once([place.api.wish("POST", "/v1/auth/refresh", token)] * 2)
    assert [answer.status for answer in answers] == [200, 200]
    return [str(answer.body["refreshJwt"]) for answer in answers]
