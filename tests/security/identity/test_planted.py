"""S-IDN-01: an address put beside the owner's before they came leads nobody in; and a further proof ends nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests import phones
from tests.bed.cases import Case
from tests.factories import make_user, new_email, new_phone
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, send_back, state
from tests.security.password.people import GOOD, Owner, sign_up
from tests.security.place import Person, Place, person_of, token_of
from tests.security.webauthn.holder import Holder

USER, OTHER_TEXTS = "/v1/mgmt/user", ("sms", "voice", "whatsapp")
SMS, MAIL, LINK = "/v1/auth/otp/signin/sms", "/v1/auth/otp/signin/email", "/v1/auth/magiclink/signin"
TAKE_LINK = "/v1/auth/magiclink/verify"


def _by_code(place: Place, login_id: str, method: str = "email") -> Person:
    assert place.api.post(f"/v1/auth/otp/signup-in/{method}", body={"loginId": login_id}).status == 200
    return person_of(login_id, send_back(place, login_id, place.avow.code(login_id), method=method))


def _by_link(place: Place, login_id: str, method: str = "email") -> Person:
    assert place.api.post(f"/v1/auth/magiclink/signup-in/{method}", body={"loginId": login_id}).status == 200
    token = token_of(place.avow.link(login_id))
    return person_of(login_id, place.api.post(TAKE_LINK, body={"token": token}))


WAYS: dict[str, Callable[..., Person]] = {"code": _by_code, "magic link": _by_link}


def _by_password(place: Place, login_id: str, user: dict[str, str]) -> None:
    assert sign_up(place, login_id, user=user).status == 200


def _by_app(place: Place, login_id: str, user: dict[str, str]) -> None:
    begun = place.api.post("/v1/auth/totp/signup", body={"loginId": login_id, "user": user})
    code = phones.typing(begun.body["key"]).code(place.avow.server.clock())
    assert place.api.post("/v1/auth/totp/verify", body={"loginId": login_id, "code": code}).status == 200


def _by_passkey(place: Place, login_id: str, user: dict[str, str]) -> None:
    holder = Holder(place)
    begun = holder.begun("signup", {"user": {"loginId": login_id, **user}})
    made = holder.device.create(begun["options"], holder.origin)
    assert holder.finish("signup", begun["transactionId"], made).status == 200


def _by_code_of_the_owner(place: Place, login_id: str, user: dict[str, str]) -> None:
    method = "email" if "@" in login_id else "sms"
    body = {"loginId": login_id, "user": user}
    assert place.api.post(f"/v1/auth/otp/signup/{method}", body=body).status == 200
    assert send_back(place, login_id, place.avow.code(login_id), method=method).status == 200


def _by_link_of_the_owner(place: Place, login_id: str, user: dict[str, str]) -> None:
    method = "email" if "@" in login_id else "sms"
    body = {"loginId": login_id, "user": user}
    assert place.api.post(f"/v1/auth/magiclink/signup/{method}", body=body).status == 200
    assert place.api.post(TAKE_LINK, body={"token": token_of(place.avow.link(login_id))}).status == 200


SIGN_UPS: dict[str, Callable[[Place, str, dict[str, str]], None]] = {
    "a password": _by_password,
    "an app": _by_app,
    "a passkey": _by_passkey,
    "a code that the owner typed": _by_code_of_the_owner,
    "a link that the owner opened": _by_link_of_the_owner,
}


def _starts(place: Place, login_id: str, method: str) -> dict[str, Answer]:
    """Ask for all that could be sent to the other address of a user."""
    body: dict[str, Any] = {"loginId": login_id}
    paths = [f"/v1/auth/magiclink/{how}/{method}" for how in ("signin", "signup-in")]
    for each in ("email",) if method == "email" else OTHER_TEXTS:
        paths += [f"/v1/auth/otp/{how}/{each}" for how in ("signin", "signup-in")]
    if method == "email":
        paths += [f"/v1/auth/enchantedlink/{how}/email" for how in ("signin", "signup-in")]
        paths += ["/v1/auth/password/reset"]
    return {path: place.api.post(path, body=body) for path in paths}


def _assert_leads_nowhere(place: Place, owner: Person, planted: str) -> None:
    method = "email" if "@" in planted else "sms"
    for path, answer in _starts(place, owner.login_id, method).items():
        if not path.endswith("reset"):  # which says the same of everybody
            assert_refused(answer, 400, code="E011004")
    assert not place.avow.messages(planted)
    assert place.api.refresh(owner.refresh_jwt).status == 200
    me = place.api.me(owner.refresh_jwt).body
    assert (me["userId"], me["loginIds"]) == (owner.id, [owner.login_id])
    assert planted in (me["phone"], me["email"])
    assert me["verifiedPhone" if method == "sms" else "verifiedEmail"] is False


def test_s_idn_01_address_planted_at_a_sign_up(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(place.sign_in()))
    for name, come in WAYS.items():
        for by, plant in SIGN_UPS.items():
            with case.cell(f"number planted at a sign-up by {by}, owner by {name}"):
                address, number = new_email(), new_phone()
                plant(place, address, {"phone": number})
                _assert_leads_nowhere(place, come(place, address), number)
            with case.cell(f"mailbox planted at a sign-up by {by}, owner by {name}"):
                address, mailbox = new_phone(), new_email("mallory")
                plant(place, address, {"email": mailbox})
                _assert_leads_nowhere(place, come(place, address, "sms"), mailbox)
    with case.cell("the refusal is that of a user who has no number"):
        address, bare = new_email(), new_email()
        _by_password(place, address, {"phone": new_phone()})
        _by_code(place, address)
        make_user(place.avow, bare)
        for planted, none in zip(
            _starts(place, address, "sms").values(), _starts(place, bare, "sms").values(), strict=True
        ):
            assert (planted.status, planted.body) == (none.status, none.body)
    with case.cell("code that was on its way while the address was marked proven"):
        address, number = new_email(), new_phone()
        _by_password(place, address, {"phone": number})
        assert place.api.post(SMS, body={"loginId": address}).status == 200
        body = {"loginId": address, "email": address, "verified": True}
        assert place.api.post(f"{USER}/update/email", place.avow.management_key, body).status == 200
        assert_refused(send_back(place, address, place.avow.code(number), method="sms"))


def test_s_idn_01_address_beside_the_owners_that_counts(case: Case, each_place: Place) -> None:
    place, key = each_place, each_place.avow.management_key
    case.control(lambda: bool(place.sign_in()))
    with case.cell("the owner proves the number by an update, and signs in by it"):
        address, number = new_email(), new_phone()
        _by_password(place, address, {"phone": number})
        owner = _by_code(place, address)
        body = {"loginId": address, "phone": number}
        assert place.api.post("/v1/auth/otp/update/phone/sms", owner.refresh_jwt, body).status == 200
        assert send_back(place, address, place.avow.code(number), method="sms").status == 200
        assert _by_sms(place, address, number).id == owner.id
    with case.cell("an address that is proven leads to a sign-in by another that is a login ID"):
        address, number = new_email(), new_phone()
        user = make_user(place.avow, address, phone=number, is_phone_verified=False, further_login_ids=[number])
        assert _by_sms(place, address, number).id == user
    with case.cell("somebody whom management named both addresses of, and who has not come yet"):
        address, number = new_email(), new_phone()
        assert place.api.post(f"{USER}/create", key, {"loginId": address, "phone": number}).status == 200
        assert _by_sms(place, address, number).login_id == address
    with case.cell("an invitation to the number that management names"):
        address, number = new_email(), new_phone()
        named = {"loginId": address, "phone": number, "status": "enabled"}
        invited = {**named, "invite": True, "sendMail": False, "sendSMS": True}
        assert place.api.post(f"{USER}/create", key, invited).status == 200
        token = token_of(place.avow.link(number))
        assert place.api.post(TAKE_LINK, body={"token": token}).body["user"]["verifiedPhone"] is True


def test_s_idn_07_planted_address_is_not_told(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(hides_existence=True)
    case.control(lambda: bool(place.sign_in()))
    address, number = new_email(), new_phone()
    make_user(place.avow, address, phone=number, is_phone_verified=False)
    for path in _starts(place, address, "sms"):
        with case.cell(f"{path}, planted number"):
            known, nobody = (place.api.post(path, body={"loginId": each}) for each in (address, new_email()))
            assert known.status == nobody.status == 200
            assert len(known.body["maskedPhone"]) == len(nobody.body["maskedPhone"])
            assert not place.avow.messages(number)


# --- A proof that is added to a session ----------------------------------------------------------------------------


@contextmanager
def _nothing_changes(place: Place, owner: Person) -> Iterator[None]:
    """Assert that nothing is sent or stored, and that session and password of the user go on."""
    before = state(place, STARTED)
    yield
    assert state(place, STARTED) == before
    assert place.api.me(owner.refresh_jwt).body["password"] is True
    assert place.api.refresh(owner.refresh_jwt).status == 200
    assert Owner(place, owner.id, owner.login_id, GOOD).send().status == 200


def test_s_idn_01_unproven_address_adds_to_no_session(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: bool(place.sign_in()))
    for wish in ("stepup", "mfa"):
        for method, address in (("email", new_email()), ("sms", new_phone())):
            owner = person_of(address, sign_up(place, address))
            paths = [f"/v1/auth/otp/signin/{method}", f"{LINK}/{method}", f"/v1/auth/otp/signup-in/{method}"]
            for path in [*paths, "/v1/auth/enchantedlink/signin/email"] if method == "email" else paths:
                body = {"loginId": address, "loginOptions": {wish: True}}
                with case.cell(f"{path}, {wish}"), _nothing_changes(place, owner):
                    answer = place.api.post(path, owner.refresh_jwt, body)
                    assert_refused(answer, 400, code="E011004")
                    assert "update" in answer.body["errorMessage"]
    with case.cell("the address is proven by an update first"):
        owner = person_of(address := new_email(), sign_up(place, address))
        body = {"loginId": address, "email": address}
        assert place.api.post("/v1/auth/otp/update/email", owner.refresh_jwt, body).status == 200
        assert place.verify_code(address, place.avow.code(address)).status == 200
        body = {"loginId": address, "loginOptions": {"stepup": True}}
        assert place.api.post(MAIL, owner.refresh_jwt, body).status == 200
        again = person_of(address, place.verify_code(address, place.avow.code(address)))
        assert place.api.me(again.refresh_jwt).body["password"] is True
        assert place.api.refresh(owner.refresh_jwt).status == 200


def _by_sms(place: Place, login_id: str, number: str) -> Person:
    assert place.api.post(SMS, body={"loginId": login_id}).status == 200
    return person_of(login_id, send_back(place, login_id, place.avow.code(number), method="sms"))
