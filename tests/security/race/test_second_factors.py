"""S-RAC-01 and 05 with second factors: a sign-in that waits is completed once, an anonymous user becomes one user."""

from collections.abc import Callable

import pytest

from tests.bed.cases import Case
from tests.factories import make_recovery_codes, new_email
from tests.security.calls import Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Place
from tests.security.totp.people import make_owner

pytestmark = pytest.mark.timeout(900)

Rounds = Callable[[int, int], int]
RACERS = 50
RECOVER = "/v1/auth/avow/recoverycodes/verify"


def test_s_rac_01_sign_ins_that_wait_are_completed_once(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(mfa="enrolled", trusted_device_days=30)
    case.control(lambda: _completed(place) == 1)
    with case.cell("second factor, different ones at once"):
        for _ in range(rounds(8, 200)):
            assert _completed(place) == 1
    with case.cell("anonymous user, different sign-ups at once"):
        for _ in range(rounds(4, 50)):
            _assert_one_is_kept(place)


def test_s_rac_05_trust_and_its_end(case: Case, make_place: MakePlace, rounds: Rounds) -> None:
    place = make_place(mfa="enrolled", trusted_device_days=30)
    case.control(lambda: _completed(place) == 1)
    with case.cell("second factor and log-out everywhere at once"):
        for _ in range(rounds(8, 100)):
            owner = make_owner(place)
            codes = make_recovery_codes(place.avow, owner.id, 2)
            first = place.open_session(owner.id, login_id=owner.login_id, amr=("email", "totp", "mfa"))
            ticket = _ticket(place, owner.login_id)
            factors = [_recovery(place, owner.login_id, code, ticket) for code in codes]
            ends = place.api.wish("POST", "/v1/auth/logoutall", first.refresh_jwt)
            *tried, ended = place.http.send_at_once([*factors, ends])
            assert ended.status == 200, ended.content
            for answer in tried:
                if answer.status != 200:
                    assert_refused(answer)
                elif _is_trusted(place, owner.login_id, answer.body["trustedDeviceJwt"]):
                    # Opened after the end of all: no device is trusted by a sign-in that was logged out.
                    assert place.api.me(answer.body["refreshJwt"]).status == 200


def _completed(place: Place) -> int:
    """Show ten second factors at once for one sign-in that waits; return how many sessions came of it."""
    owner = make_owner(place)
    codes = make_recovery_codes(place.avow, owner.id, 9)
    ticket = _ticket(place, owner.login_id)
    wishes = [_recovery(place, owner.login_id, code, ticket) for code in codes]
    wishes.append(owner.wish(owner.code(), ticket, mfa=True))
    answers = place.http.send_at_once(wishes)
    for answer in answers:
        if answer.status != 200:
            assert_refused(answer)
    assert [answer.status for answer in answers].count(200) == len(_sessions(place, owner.id))
    return len(_sessions(place, owner.id))


def _assert_one_is_kept(place: Place) -> None:
    """Sign an anonymous user up under many login IDs at once: one keeps the id, the others are somebody new."""
    opened = place.api.post("/v1/mgmt/auth/anonymous", place.avow.management_key, {}).body
    login_ids = [new_email() for _ in range(10)]
    for login_id in login_ids:
        started = place.api.post("/v1/auth/otp/signup/email", opened["refreshJwt"], {"loginId": login_id})
        assert started.status == 200
    wishes = [_verify(place, login_id) for login_id in login_ids]
    answers = place.http.send_at_once(wishes)
    assert {answer.status for answer in answers} == {200}
    found = [answer.body["user"]["userId"] for answer in answers]
    assert len(set(found)) == len(found)
    assert found.count(opened["user"]["userId"]) == 1
    assert_refused(place.api.refresh(opened["refreshJwt"]))


def _ticket(place: Place, login_id: str) -> str:
    """Show the first factor."""
    asked = place.verify_code(login_id, place.send_code(login_id))
    assert asked.status == 403, asked.content
    return str(asked.body["mfaToken"])


def _recovery(place: Place, login_id: str, code: str, ticket: str) -> Wish:
    body = {"loginId": login_id, "code": code, "loginOptions": {"mfa": True}}
    return place.api.wish("POST", RECOVER, ticket, body)


def _verify(place: Place, login_id: str) -> Wish:
    body = {"loginId": login_id, "code": place.avow.code(login_id)}
    return place.api.wish("POST", "/v1/auth/otp/verify/email", "", body)


def _is_trusted(place: Place, login_id: str, device: str) -> bool:
    code = place.send_code(login_id)
    headers = {"x-descope-trusted-device-token": device}
    return place.verify_code(login_id, code, headers=headers).status == 200


def _sessions(place: Place, user_id: str) -> list[object]:
    statement = """
        SELECT id FROM sessions
        WHERE project_id = :project_id AND user_id = :user_id AND awaits_factor = 0 AND revoked_at IS NULL
    """
    return place.avow.run(lambda tx: tx.all(statement, str, user_id=user_id))
