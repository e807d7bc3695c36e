"""S-PWD-07, and of links of resets: S-TYP-05, S-LNK-04, S-RAC-01, S-SEC-01, S-SES-06, S-IDN-05 and 07."""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from avow.core.links import parse
from tests import phones
from tests.bed.cases import Case
from tests.factories import make_totp_seed, make_user, new_email
from tests.phones import Phone
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.identity.test_login_ids import LOOK_ALIKES, REFUSED
from tests.security.password.people import GOOD, NEW, RESET, UPDATE, Owner, make_owner, stored, take
from tests.security.place import Place, in_process, token_of
from tests.security.secrets.test_at_rest import plain_digests, spellings
from tests.security.tables import everything_stored

pytestmark = pytest.mark.timeout(900)  # the stated counts take minutes on two cores

RACERS = 50
Rounds = Callable[[int, int], int]


def test_s_pwd_07_reset_token_rules(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place()

    def reset_works() -> bool:
        owner = make_owner(place)
        session = take(place, owner.reset()).body
        return owner.update(session["refreshJwt"]).status == owner.send(NEW).status == 200

    case.control(reset_works)
    with case.cell("used twice"):
        owner = make_owner(place)
        token = owner.reset()
        assert take(place, token).status == 200
        before = stored(place)
        assert_refused(take(place, token))
        assert stored(place) == before
    with case.cell("after a newer one"):
        owner = make_owner(place)
        first, second = owner.reset(), owner.reset()
        assert_refused(take(place, first))
        assert take(place, second).status == 200
    with case.cell("after a change of the password, in a session"):
        owner = make_owner(place)
        token = owner.reset()
        assert owner.update(owner.sign_in().refresh_jwt).status == 200
        assert_refused(take(place, token))
    with case.cell("after a change of the password, replaced"):
        owner = make_owner(place)
        token = owner.reset()
        assert owner.replace(GOOD).status == 200
        assert_refused(take(place, token))
    with case.cell("after a change of the password, by management"):
        owner = make_owner(place)
        token = owner.reset()
        body = {"loginId": owner.login_id, "password": NEW}
        key = place.avow.management_key
        assert place.api.post("/v1/mgmt/user/password/set/active", key, body).status == 200
        assert_refused(take(place, token))
    with case.cell("after a change of the password, by another reset"):
        owner = make_owner(place)
        session = take(place, owner.reset()).body
        token = owner.reset()
        assert owner.update(session["refreshJwt"]).status == 200
        assert_refused(take(place, token))
    with case.cell("for another user's login ID"):
        owner, other = make_owner(place), make_owner(place)
        session = take(place, owner.reset()).body["refreshJwt"]
        before = stored(place)
        assert_refused(other.update(session))
        assert_refused(take(place, owner.reset(), other.sign_in().refresh_jwt))
        assert stored(place)["passwords"] == before["passwords"]
    with case.cell("after its time"):
        owner = make_owner(place)
        token = owner.reset()
        place.advance(600)
        before = stored(place)
        assert_refused(take(place, token), code="E062504")
        assert stored(place) == before
    with case.cell("made up, and of another project"):
        owner = make_owner(place)
        token, elsewhere = owner.reset(), make_each_place()
        assert_refused(take(elsewhere, token))
        assert_refused(take(place, token[:-1] + ("A" if token[-1] != "A" else "B")))
        assert take(place, token).status == 200
    with case.cell("of an address that the user has left"):
        owner = make_owner(place)
        token = owner.reset()
        session, address = owner.sign_in().refresh_jwt, new_email()
        body = {"loginId": owner.login_id, "email": address}
        assert place.api.post("/v1/auth/otp/update/email", session, body).status == 200
        assert place.verify_code(owner.login_id, place.avow.code(address)).status == 200
        assert_refused(take(place, token))


@pytest.mark.parametrize("mfa", ["off", "enrolled", "required"])
def test_s_pwd_07_reset_does_not_skip_the_second_factor(case: Case, make_each_place: MakePlace, mfa: str) -> None:
    place = make_each_place(mfa=mfa)
    case.control(lambda: _reset_with_both(place).send(NEW).body.get("errorCode") in (None, "E061401"))
    with case.cell(f"an enrolled second factor is asked for before a new password is taken, policy {mfa}"):
        owner, _, taken = _reset_with_app(place)
        before = stored(place)["passwords"]
        if taken.status == 200:
            assert mfa == "off"
            assert_refused(owner.update(taken.body["refreshJwt"]), 401, 403)
        else:
            assert_refused_for_now(taken)
            held = taken.body.get("mfaToken") or "a.b.c"
            assert_refused(owner.update(held), 401, 403)
            assert_refused(place.api.refresh(held), 401, 403)
        assert stored(place)["passwords"] == before
        assert owner.send(NEW).status == 401


def assert_refused_for_now(answer: Answer) -> None:
    """Assert that a second factor is asked for, and no session is given."""
    assert (answer.status, answer.body["errorCode"]) == (403, "E061401")
    assert not {"sessionJwt", "refreshJwt"} & set(answer.body)
    assert not answer.cookie("DSR")


def _reset_with_app(place: Place) -> tuple[Owner, Phone, Answer]:
    owner = make_owner(place)
    phone = phones.holding(make_totp_seed(place.avow, owner.id))
    return owner, phone, take(place, owner.reset())


def _reset_with_both(place: Place) -> Owner:
    """Choose a new password by a link and the code of an app; return whose it is."""
    owner, phone, taken = _reset_with_app(place)
    token = taken.body.get("mfaToken") or taken.body["refreshJwt"]
    options = {"mfa": True} if "mfaToken" in taken.body else {"stepup": True}
    body = {"loginId": owner.login_id, "code": phone.code(place.avow.server.clock()), "loginOptions": options}
    both = place.api.post("/v1/auth/totp/verify", token, body)
    assert both.status == 200, both.content
    changed = owner.update(both.body["refreshJwt"])
    assert changed.status == 200, changed.content
    return owner


def test_s_ses_06_change_and_reset_end_other_sessions(case: Case, place: Place) -> None:
    case.control(lambda: place.api.refresh(make_owner(place).sign_in().refresh_jwt).status == 200)

    def sessions(owner: Owner) -> list[str]:
        return [owner.sign_in().refresh_jwt for _ in range(3)]

    def assert_ended(tokens: list[str]) -> None:
        for token in tokens:
            assert_refused(place.api.refresh(token), code="E064001")
            assert_refused(place.api.me(token))

    bystander = make_owner(place).sign_in()
    with case.cell("change with session 1"):
        owner = make_owner(place)
        first, *others = sessions(owner)
        assert owner.update(first).status == 200
        assert_ended(others)
        assert place.api.refresh(first).status == 200  # it goes on, as documented
    with case.cell("reset by link"):
        owner = make_owner(place)
        before = sessions(owner)
        session = take(place, owner.reset()).body["refreshJwt"]
        assert owner.update(session).status == 200
        assert_ended(before)
        assert place.api.refresh(session).status == 200
    with case.cell("replaced by whoever knows the old one"):
        owner = make_owner(place)
        before = sessions(owner)
        answer = owner.replace(GOOD)
        assert_ended(before)
        assert place.api.refresh(answer.body["refreshJwt"]).status == 200
    with case.cell("open reset links and codes are void"):
        changes: dict[str, Callable[[Owner], Answer]] = {
            "update": lambda owner: owner.update(owner.sign_in().refresh_jwt),
            "replace": lambda owner: owner.replace(GOOD),
        }
        for change in changes.values():
            owner = make_owner(place)
            reset, link = owner.reset(), place.send_magic_link(owner.login_id)
            code = place.send_code(owner.login_id)
            enchanted, _ = place.send_enchanted_link(owner.login_id)
            assert change(owner).status == 200
            assert_refused(take(place, reset))
            assert_refused(take(place, link))
            assert_refused(place.verify_code(owner.login_id, code))
            assert_refused(place.api.post("/v1/auth/enchantedlink/verify", body={"token": enchanted}))
    with case.cell("nobody else's sessions end"):
        assert place.api.refresh(bystander.refresh_jwt).status == 200


def test_s_typ_05_token_of_a_reset_is_no_session(case: Case, place: Place) -> None:
    case.control(lambda: take(place, make_owner(place).reset()).status == 200)
    owner = make_owner(place)
    token = owner.reset()
    api = place.api
    before = stored(place)
    uses: dict[str, Callable[[], Answer]] = {
        "GET /v1/auth/me": partial(api.me, token),
        "POST /v1/auth/refresh": partial(api.refresh, token),
        "refresh cookie": partial(api.post, "/v1/auth/refresh", cookies={"DSR": token}),
        "management key": partial(api.get, "/v1/mgmt/avow/project/settings", token),
        "enchantedlink/verify": partial(api.post, "/v1/auth/enchantedlink/verify", body={"token": token}),
        "pending-session": partial(api.post, "/v1/auth/enchantedlink/pending-session", body={"pendingRef": token}),
        "otp/verify/email": partial(place.verify_code, owner.login_id, token[:64]),
        "password/update": partial(owner.update, token),
        "password/signin": partial(owner.send, token),
    }
    with case.cell("password reset"):
        for call in uses.values():
            assert_refused(call())
        assert stored(place) == before
    with case.cell("password reset: where it belongs it still works"):
        assert take(place, token).status == 200
    with case.cell("a magic link sets no password by itself"):
        link = place.send_magic_link(owner.login_id)
        body = {"loginId": owner.login_id, "newPassword": NEW, "token": link}
        assert_refused(api.post(UPDATE, "", body))
        assert_refused(api.post(UPDATE, link, body))


def test_s_lnk_04_links_of_resets_lead_home(case: Case, place: Place) -> None:
    assert place.servers is not None
    own, owner = place.servers.url, make_owner(place)

    def sent(**headers: str) -> str:
        answer = place.api.post(RESET, body={"loginId": owner.login_id}, headers=headers)
        assert answer.status in (200, 400)
        assert b"evil.example" not in answer.content
        return place.avow.link(owner.login_id)

    case.control(lambda: sent().startswith(f"{own}/reset-password/"))
    lies: dict[str, dict[str, str]] = {
        "Host": {"host": "evil.example"},
        "X-Forwarded-Host": {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http"},
        "Forwarded": {"forwarded": "host=evil.example;proto=http"},
        "X-Original-URL": {"x-original-url": "https://evil.example/"},
        "Origin and Referer": {"origin": "https://evil.example", "referer": "https://evil.example/"},
    }
    with case.cell("password reset"):
        for headers in lies.values():
            assert sent(**headers).startswith(f"{own}/reset-password/")
            letter = place.avow.messages(owner.login_id)[0]
            assert "evil.example" not in letter.text + letter.html


def test_s_rac_01_link_of_a_reset_is_spent_once(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: take(place, make_owner(place).reset()).status == 200)
    with case.cell("password reset"):
        for _ in range(rounds(8, 100)):
            owner = make_owner(place)
            wish = place.api.wish("POST", "/v1/auth/magiclink/verify", body={"token": owner.reset()})
            before = len(place.rows("sessions"))
            answers = place.http.send_at_once([wish] * RACERS)
            assert sum(answer.status == 200 for answer in answers) == 1
            for answer in answers:
                if answer.status != 200:
                    assert_refused(answer)
            assert len(place.rows("sessions")) == before + 1
    with case.cell("a change and a replacement at once leave one password"):
        for _ in range(rounds(3, 30)):
            _assert_one_password(place)


def _assert_one_password(place: Place) -> None:
    owner = make_owner(place)
    token = owner.sign_in().refresh_jwt
    wishes: list[Wish] = []
    for number in range(4):
        body = {"loginId": owner.login_id, "newPassword": f"{NEW} {number}"}
        wishes.append(place.api.wish("POST", UPDATE, token, body))
        body = {"loginId": owner.login_id, "oldPassword": GOOD, "newPassword": f"{NEW} {number + 4}"}
        wishes.append(place.api.wish("POST", "/v1/auth/password/replace", body=body))
    answers = place.http.send_at_once(wishes)
    assert {answer.status for answer in answers} <= {200, 401, 429, 503}
    place.advance(2 * 86_400)
    works = [number for number in range(8) if owner.send(f"{NEW} {number}").status == 200]
    assert len(works) == 1
    place.advance(2 * 86_400)
    assert_refused(owner.send())


def test_s_sec_01_links_of_resets_at_rest(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: take(place, make_owner(place).reset()).status == 200)
    token = make_owner(place).reset()
    parsed = parse(token)
    assert parsed is not None
    everything = everything_stored(place.avow.server.site.store.url)
    with case.cell("the search finds what is stored"):
        assert parsed[0].encode() in everything
    with case.cell("password reset"):
        for secret in (token, parsed[1]):
            assert not [each for each in spellings(secret) if each in everything]
            digests = [each for digest in plain_digests(secret) for each in spellings(digest)]
            assert not [each for each in digests if each in everything]


def test_s_idn_05_reset_goes_to_the_stored_address(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: take(place, make_owner(place).reset()).status == 200)
    with case.cell("password reset"):
        for what, (plain, typed) in LOOK_ALIKES.items():
            for login_id, other in ((plain, typed), (typed, plain)):
                project = in_process(place.avow.server)
                make_user(project.avow, login_id)
                before = len(project.avow.messages())
                answer = project.api.post(RESET, body={"loginId": other})
                assert answer.status in (200, 400), what
                assert len(project.avow.messages()) == before, what
        for what, spelling in REFUSED.items():
            before = len(place.avow.messages())
            assert_refused(place.api.post(RESET, body={"loginId": spelling}), 400)
            assert len(place.avow.messages()) == before, what
    with case.cell("password reset by another spelling of the same address"):
        typed = f"Jos\u00e9-{new_email()}"
        make_user(place.avow, typed)
        for spelling in (typed.upper(), unicodedata.normalize("NFD", typed), f" {typed} "):
            before = len(place.avow.messages())
            assert place.api.post(RESET, body={"loginId": spelling}).status == 200
            assert [letter.to for letter in place.avow.messages()[: len(place.avow.messages()) - before]] == [typed]


def test_s_idn_07_reset_tells_nobody_who_exists(case: Case, make_each_place: MakePlace) -> None:
    for hides in (True, False):
        place = make_each_place(hides_existence=hides)
        case.control(partial(_reset_works, place))
        known = {
            "a user": make_owner(place).login_id,
            "without a password": _user(place),
            "not proven": _user(place, is_verified=False),
            "disabled": _user(place, status="disabled"),
            "whose mail goes elsewhere": _user(place, email="somebody@elsewhere.example.org"),
        }
        with case.cell("password reset" if hides else "password reset, where existence is not hidden"):
            for login_id in known.values():
                answers = [place.api.post(RESET, body={"loginId": each}) for each in (login_id, new_email())]
                assert [answer.status for answer in answers] == [200, 200]
                assert answers[0].body == answers[1].body
                headers = [{k: v for k, v in answer.headers.items() if k != "x-request-id"} for answer in answers]
                assert headers[0] == headers[1]
            assert not place.avow.messages(known["disabled"])
            assert not place.avow.messages(known["whose mail goes elsewhere"])
            assert token_of(place.avow.link(known["a user"]))


def _reset_works(place: Place) -> bool:
    return take(place, make_owner(place).reset()).status == 200


def _user(place: Place, **details: Any) -> str:
    make_user(place.avow, login_id := new_email(), **details)
    return login_id
