"""POST /v1/auth/totp/signup."""

import base64
from collections.abc import Callable

import pytest

from avow.core import totp
from avow.server.store import Tx
from avow.testing.server import Avow
from tests import phones
from tests.factories import make_user, new_email
from tests.server.api import Api, Reply
from tests.server.totp.conftest import verify, wrong

PNG = b"\x89PNG\r\n\x1a\n"


def sign_up(api: Api, login_id: str, **user: object) -> Reply:
    return api.post("/v1/auth/totp/signup", {"loginId": login_id, "user": user or None})


def users_of(avow: Avow) -> int:
    statement = "SELECT COUNT(*) FROM users WHERE project_id = :project_id"
    return avow.run(lambda tx: tx.one(statement, int) or 0)


def test_three_forms_have_one_seed(api: Api) -> None:
    answer = sign_up(api, new_email())
    assert set(answer.body) == {"provisioningURL", "image", "key"}
    now = api.clock()
    forms = phones.scanning(answer["image"]), phones.opening(answer["provisioningURL"]), phones.typing(answer["key"])
    assert len({form.code(now) for form in forms}) == 1
    assert answer.header("cache-control") == "no-store"


def test_image_is_a_png_in_base64(api: Api) -> None:
    assert base64.b64decode(sign_up(api, new_email())["image"], validate=True).startswith(PNG)


def test_seed_has_160_bits_and_is_another_one_each_time(api: Api) -> None:
    login_id = new_email()
    keys = [sign_up(api, login_id)["key"] for _ in range(3)]
    assert {len(totp.seed_bytes(key)) * 8 for key in keys} == {160}
    assert len(set(keys)) == 3


def test_app_shows_the_project_and_the_login_id_as_it_was_typed(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project("Café & Söhne"))
    answer = sign_up(api, "Ada+1@Example.com")
    app = phones.scanning(answer["image"]).app
    assert (app.issuer, app.name) == ("Café & Söhne", "Ada+1@Example.com")
    assert "Caf%C3%A9%20%26%20S%C3%B6hne:Ada%2B1%40Example.com?" in answer["provisioningURL"]


def test_user_exists_once_the_first_code_is_right(api: Api) -> None:
    login_id, before = new_email(), users_of(api.avow)
    phone = phones.scanning(sign_up(api, login_id, name="Ada", phone="212-555-1234")["image"])
    assert verify(api, login_id, wrong(phone, api.clock())).refusal == (401, "E061102")
    assert users_of(api.avow) == before
    session = verify(api, login_id, phone.code(api.clock()))
    assert session["firstSeen"] is True
    user = session["user"]
    assert (user["name"], user["email"], user["phone"]) == ("Ada", login_id, "+12125551234")
    assert (user["verifiedEmail"], user["verifiedPhone"], user["TOTP"]) == (False, False, True)
    assert users_of(api.avow) == before + 1


def test_code_that_made_the_user_works_once(api: Api) -> None:
    login_id = new_email()
    phone = phones.scanning(sign_up(api, login_id)["image"])
    code = phone.code(api.clock())
    assert verify(api, login_id, code).status == 200
    assert verify(api, login_id, code).refusal == (401, "E061102")
    assert verify(api, login_id, phone.code(api.clock(), 1)).status == 200


def test_newer_sign_up_takes_the_place_of_the_older(api: Api) -> None:
    login_id = new_email()
    older, newer = (phones.typing(sign_up(api, login_id)["key"]) for _ in range(2))
    assert verify(api, login_id, older.code(api.clock())).refusal == (401, "E061102")
    assert verify(api, login_id, newer.code(api.clock())).status == 200


def test_seed_waits_for_its_first_code_for_an_hour(api: Api) -> None:
    one, two = new_email(), new_email()
    first, second = (phones.typing(sign_up(api, each)["key"]) for each in (one, two))
    api.clock.advance(3599)
    assert verify(api, one, first.code(api.clock())).status == 200
    api.clock.advance(1)
    assert verify(api, two, second.code(api.clock())).refusal == (401, "E061102")


def test_seed_that_waits_is_dead_after_ten_wrong_codes(api: Api) -> None:
    login_id = new_email()
    phone = phones.typing(sign_up(api, login_id)["key"])
    for _ in range(10):
        assert verify(api, login_id, wrong(phone, api.clock())).refusal == (401, "E061102")
    assert verify(api, login_id, phone.code(api.clock())).refusal == (401, "E061102")
    again = phones.typing(sign_up(api, login_id)["key"])
    assert verify(api, login_id, again.code(api.clock())).status == 200


def test_taken_login_id_is_refused(api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id)
    assert sign_up(api, login_id.upper()).refusal == (400, "E062107")


def test_login_id_that_was_taken_meanwhile_stays_its_owners(api: Api) -> None:
    login_id = new_email()
    phone = phones.typing(sign_up(api, login_id)["key"])
    make_user(api.avow, login_id)
    assert verify(api, login_id, phone.code(api.clock())).refusal == (401, "E061102")


def test_project_that_hides_existence_answers_alike(make_project: Callable[..., Avow]) -> None:
    api, login_id = Api(make_project(hides_existence=True)), new_email()
    make_user(api.avow, login_id)
    answer = sign_up(api, login_id)
    assert set(answer.body) == {"provisioningURL", "image", "key"}
    phone = phones.scanning(answer["image"])
    assert verify(api, login_id, phone.code(api.clock())).refusal == (401, "E061102")
    assert users_of(api.avow) == 1


@pytest.mark.parametrize(
    ("login_id", "user"),
    [
        ("ada@example.com", {"email": "owner@example.com"}),
        ("+12125551234", {"phone": "+12125559999"}),
        ("ada", {"email": "no address"}),
        ("ada", {"phone": "123"}),
    ],
)
def test_address_that_is_malformed_or_anothers_is_refused(api: Api, login_id: str, user: dict[str, object]) -> None:
    assert sign_up(api, login_id, **user).refusal == (400, "E011004")


@pytest.mark.parametrize("body", [{}, {"loginId": ""}, {"loginId": 7}, {"loginId": "ada", "user": []}])
def test_malformed_sign_up_is_refused(api: Api, body: dict[str, object]) -> None:
    assert api.post("/v1/auth/totp/signup", body).status == 400


def test_method_that_is_switched_off_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(sign_in_methods=["otp"]))
    assert sign_up(api, new_email()).refusal == (400, "E019400")
    assert verify(api, new_email(), "123456").refusal == (400, "E019400")


def test_seed_is_sealed_while_it_waits_and_afterwards(api: Api) -> None:
    login_id = new_email()
    key = sign_up(api, login_id)["key"]
    seed = totp.seed_bytes(key)

    def stored(tx: Tx) -> str:
        waiting = "SELECT binding FROM challenges WHERE project_id = :project_id"
        counting = "SELECT sealed_seed FROM totp_seeds WHERE project_id = :project_id"
        return repr((tx.all(waiting, str), tx.all(counting, bytes)))

    for where in ("sealed_seed", "\\x"):
        text = api.avow.run(stored)
        assert where in text
        for form in (key, seed.hex(), base64.b64encode(seed).decode().rstrip("="), repr(seed)[2:-1]):
            assert form not in text
        verify(api, login_id, phones.typing(key).code(api.clock()))


def test_owner_of_the_address_comes_and_strangers_app_and_codes_end(api: Api) -> None:
    address = new_email()
    stranger = phones.typing(sign_up(api, address)["key"])
    session = verify(api, address, stranger.code(api.clock()))
    codes = api.post("/v1/auth/avow/recoverycodes/generate", token=session["refreshJwt"])["codes"]
    owner = api.sign_in(address)
    assert owner["user"]["userId"] == session["user"]["userId"]
    assert owner["user"]["TOTP"] is False
    assert api.refresh(session["refreshJwt"]).refusal == (401, "E064001")
    assert verify(api, address, stranger.code(api.clock(), 1)).refusal == (401, "E061102")
    used = api.post("/v1/auth/avow/recoverycodes/verify", {"loginId": address, "code": codes[0]})
    assert used.refusal == (401, "E061102")
