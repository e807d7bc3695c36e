"""S-OTP-06 to 10, 13 and 15: how long a code counts, whose it is, what it looks like, and where it is never seen."""

import base64
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest

from avow.wire.projects import ProjectSettings
from tests.bed.cases import Case
from tests.factories import make_user, new_email, new_phone
from tests.security.calls import Wish, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, send_back, stand_still, state, whole_log, wrong_codes
from tests.security.place import Place

Rounds = Callable[[int, int], int]

DEFAULTS = ProjectSettings()
TEN_MINUTES = 600


def test_s_otp_06_expiry(case: Case, each_place: Place) -> None:
    place, lifetime = each_place, DEFAULTS.code_lifetime_seconds
    stand_still(place)
    case.control(lambda: place.sign_in())
    with case.cell("the default is at most ten minutes, and no project can have more"):
        assert lifetime <= TEN_MINUTES
        change = {"settings": {"codeLifetimeSeconds": TEN_MINUTES + 1}}
        path = "/v1/mgmt/avow/project/settings"
        assert_refused(place.api.post(path, place.avow.management_key, change), 400)
    for how in ("signup", "signin", "signup-in"):
        with case.cell(f"{how}, a second before the end"):
            login_id = _login_id(place, how)
            code = place.send_code(login_id, how=how)
            place.advance(lifetime - 1)
            assert place.verify_code(login_id, code).status == 200
        with case.cell(f"{how}, a second after the end"):
            login_id = _login_id(place, how)
            code, before = place.send_code(login_id, how=how), state(place, STARTED)
            place.advance(lifetime + 1)
            assert_refused(place.verify_code(login_id, code))
            assert state(place, STARTED) == before
            place.advance(lifetime)
            assert_refused(place.verify_code(login_id, code))


def _login_id(place: Place, how: str) -> str:
    login_id = new_email()
    if how == "signin":
        make_user(place.avow, login_id)
    return login_id


def test_s_otp_07_code_of_one_user_for_another(case: Case, make_each_place: MakePlace) -> None:
    place, elsewhere = make_each_place(), make_each_place()
    email, phone, other = new_email(), new_phone(), new_email()
    make_user(place.avow, email, phone=phone, further_login_ids=[phone])
    make_user(place.avow, other)
    make_user(elsewhere.avow, email)

    def own_code() -> bool:
        return send_back(place, email, place.send_code(email, how="signin")).status == 200

    case.control(own_code)
    code, of_other = place.send_code(email, how="signin"), place.send_code(other, how="signin")
    while code == of_other:
        of_other = place.send_code(other, how="signin")
    elsewhere.send_code(email, how="signin")
    before = state(place), state(elsewhere)
    with case.cell("with the login ID of another user"):
        assert_refused(send_back(place, other, code), code="E061102")
    with case.cell("with the login ID of a stranger"):
        assert_refused(send_back(place, new_email(), code), code="E061102")
    with case.cell("on the endpoint of another method"):
        assert_refused(send_back(place, email, code, method="sms"), code="E061102")
        assert_refused(send_back(place, phone, code, method="whatsapp"), code="E061102")
    with case.cell("as the token of a link"):
        for method in ("magiclink", "enchantedlink"):
            assert_refused(place.api.post(f"/v1/auth/{method}/verify", body={"token": code}))
        pending = place.api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": code})
        assert_refused(pending, code="E062503")
    with case.cell("in another project"):
        assert_refused(send_back(elsewhere, email, code), code="E061102")
    with case.cell("for a change of address that was begun with another code"):
        session = place.open_session(make_user(place.avow, third := new_email()), login_id=third)
        body = {"loginId": third, "email": new_email()}
        assert place.api.post("/v1/auth/otp/update/email", session.refresh_jwt, body).status == 200
        assert_refused(place.verify_code(third, code), code="E061102")
    with case.cell("nothing changed, and the owner's code still works"):
        assert state(elsewhere) == before[1]
        assert set(before[0]["users"]) <= set(state(place)["users"])
        assert send_back(place, email, code).status == 200


def test_s_otp_08_sign_up_proves_only_where_the_code_went(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: place.sign_in())
    ways: dict[str, Callable[[str], dict[str, object]]] = {
        "user.email": lambda address: {"user": {"email": address}},
        "email": lambda address: {"email": address},
        "email, with another user.email": lambda address: {"email": address, "user": {"email": new_email()}},
    }
    for name, naming in ways.items():
        with case.cell(f"another address in {name}"):
            login_id, address = new_email("login").partition("@")[0], new_email("mail")
            started = place.api.post("/v1/auth/otp/signup/email", body={"loginId": login_id, **naming(address)})
            assert started.status == 200
            assert {message.to for message in place.avow.messages()} & {login_id, address} == {address}
            user = place.verify_code(login_id, place.avow.code(address)).body["user"]
            assert (user["email"], user["verifiedEmail"]) == (address, True)
            assert login_id not in (user["email"], user["phone"])
    for name, naming in ways.items():
        with case.cell(f"a login ID that is somebody's address, another one in {name}"):
            before = state(place)
            body = {"loginId": new_email("owner"), **naming(new_email("thief"))}
            refused = place.api.post("/v1/auth/otp/signup/email", body=body)
            assert (refused.status, refused.body["errorCode"]) == (400, "E011004")
            assert state(place) == before
    with case.cell("an address beside a number"):
        address, phone = new_email(), new_phone()
        login_id = phone
        body = {"loginId": login_id, "user": {"email": address, "phone": phone}}
        assert place.api.post("/v1/auth/otp/signup/sms", body=body).status == 200
        assert not place.avow.messages(address)
        user = send_back(place, login_id, place.avow.code(phone), method="sms").body["user"]
        assert (user["phone"], user["verifiedPhone"], user["verifiedEmail"]) == (phone, True, False)
    with case.cell("a code for one address does not sign up the other"):
        login_id, address = new_email().partition("@")[0], new_email()
        place.api.post("/v1/auth/otp/signup/email", body={"loginId": login_id, "user": {"email": address}})
        before = state(place)
        assert_refused(place.verify_code(address, place.avow.code(address)))
        assert state(place) == before


# --- What codes look like --------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_s_otp_09_entropy_and_format(case: Case, local_place: Place, rounds: Rounds) -> None:
    place = local_place
    case.control(lambda: place.sign_in())
    codes = list(_collected(place, rounds(2000, 20_000)))
    with case.cell("six digits, leading zeros included"):
        assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
        assert any(code.startswith("0") for code in codes)
    # Of a thousand runs of an even generator three leave a doubt; an uneven one leaves it both times.
    if _uneven(codes) or _dependent(codes):
        codes = list(_collected(place, len(codes)))
    with case.cell("digits are uniform at every place"):
        assert not _uneven(codes)
    with case.cell("consecutive codes do not depend on each other"):
        assert not _dependent(codes)
    with case.cell("no project can have shorter ones"):
        change = {"settings": {"codeDigits": 5}}
        assert_refused(place.api.post("/v1/mgmt/avow/project/settings", place.avow.management_key, change), 400)


def _collected(place: Place, count: int) -> Iterator[str]:
    for _ in range(count):
        place.avow.server.inbox.clear()
        yield place.send_code(new_email(), how="signup")


def _uneven(codes: Sequence[str]) -> list[str]:
    """Return what speaks against uniform digits."""
    probabilities = {f"place {at}": (_uniformity([code[at] for code in codes], 10), 0.001 / 6) for at in range(6)}
    probabilities["the first two"] = (_uniformity([code[:2] for code in codes], 100), 0.001)
    return [f"{what}: {found}" for what, (found, least) in probabilities.items() if found <= least]


def _dependent(codes: Sequence[str]) -> list[str]:
    """Return what speaks for codes that depend on the ones before."""
    numbers = [int(code) for code in codes]
    correlation = _correlation(numbers[:-1], numbers[1:])
    pairs = _uniformity([f"{first[-1]}{second[-1]}" for first, second in pairwise(codes)], 100)
    found = [f"correlation: {correlation}"] if abs(correlation) >= 4 / math.sqrt(len(numbers)) else []
    return [*found, f"last digits: {pairs}"] if pairs <= 0.001 else found


def _uniformity(seen: Sequence[str], kinds: int) -> float:
    """Return the probability of a distribution at least as uneven as this one (chi-square, Wilson and Hilferty)."""
    expected = len(seen) / kinds
    counts = Counter(seen)
    uneven = sum((count - expected) ** 2 / expected for count in counts.values()) + (kinds - len(counts)) * expected
    free = kinds - 1
    deviation = ((uneven / free) ** (1 / 3) - (1 - 2 / (9 * free))) / math.sqrt(2 / (9 * free))
    return 0.5 * math.erfc(deviation / math.sqrt(2))


def _correlation(first: Sequence[int], second: Sequence[int]) -> float:
    one, two = sum(first) / len(first), sum(second) / len(second)
    shared = sum((a - one) * (b - two) for a, b in zip(first, second, strict=True))
    return shared / math.sqrt(sum((a - one) ** 2 for a in first) * sum((b - two) ** 2 for b in second))


# --- What stands where a code should ---------------------------------------------------------------------------


def test_s_otp_10_other_types_than_a_code(case: Case, each_place: Place) -> None:
    place, email = each_place, new_email()
    make_user(place.avow, email)
    case.control(lambda: place.verify_code(email, place.send_code(email, how="signin")).status == 200)
    code = place.send_code(email, how="signin")
    full_width = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in code)
    values: dict[str, object] = {
        "integer": int(code),
        "real": float(code),
        "list": [code],
        "object": {"$ne": None},
        "object of the code": {"code": code},
        "true": True,
        "null": None,
        "empty": "",
        "space before": f" {code}",
        "space after": f"{code} ",
        "line break after": f"{code}\n",
        "full-width digits": full_width,
        "Arabic digits": "".join(chr(ord(digit) - ord("0") + 0x660) for digit in code),
        "NUL after": f"{code}\0",
        "plus before": f"+{code}",
        "zero before": f"0{code}",
        "1 MB": code * 180_000,
        "60 digits": code * 10,
    }
    before = state(place)
    for name, value in values.items():
        with case.cell(name):
            answer = send_back(place, email, value)
            assert_refused(answer, 400, 401, 413)
            assert state(place) == before
    with case.cell("absent"):
        assert_refused(place.api.post("/v1/auth/otp/verify/email", body={"loginId": email}), 400)
    with case.cell("twice, the last one counts"):
        wish = place.api.wish("POST", "/v1/auth/otp/verify/email", body={})
        wrong = next(wrong_codes(code))
        raw = f'{{"loginId":"{email}","code":"{code}","code":"{wrong}"}}'.encode()
        assert_refused(place.api.carrier.send(Wish(wish.verb, wish.path, wish.headers, raw)), code="E061102")
    with case.cell("a shape of a code that is wrong counts against the budget"):
        fresh = place.send_code(email, how="signin")
        for _ in range(5):
            assert_refused(send_back(place, email, f"0{fresh}"))
        assert_refused(send_back(place, email, fresh), code="E061103")


# --- Where a code is never seen --------------------------------------------------------------------------------


def test_s_otp_13_code_is_not_seen_elsewhere(case: Case, each_place: Place) -> None:
    place, email = each_place, new_email()
    case.control(lambda: place.sign_in())
    make_user(place.avow, email)
    with whole_log() as log:
        answers = [place.api.post("/v1/auth/otp/signin/email", body={"loginId": email})]
        code = place.avow.code(email)
        mac = next(bytes(cell) for row in place.rows("challenges") for cell in row if isinstance(cell, bytes))
        answers += [send_back(place, email, wrong) for wrong in (next(wrong_codes(code)), f"{code}x", [code], None)]
        answers.append(place.api.post("/v1/auth/otp/signin/email", body={"loginId": [code]}))
        answers.append(place.api.get(f"/v1/auth/otp/verify/email?code={code}&loginId={email}"))
        answers.append(send_back(place, email, code))
        session = answers[-1].body
        answers.append(send_back(place, email, code))
        for path in ("me", "me/history"):
            answers.append(place.api.get(f"/v1/auth/{path}", session["refreshJwt"]))
        for path in ("/v1/mgmt/avow/project/settings", "/metrics", "/openapi.json"):
            answers.append(place.api.get(path, place.avow.management_key))
        audit = place.api.post("/v1/mgmt/audit/search", place.avow.management_key, {})
    seen_in = {
        "answers": "\n".join(f"{answer.headers} {answer.set_cookies} {answer.content!r}" for answer in answers),
        "the log at level debug": log.getvalue(),
        "audit events": repr(place.rows("audit_events")),
        "audit search": repr(audit.content),
    }
    markers = ("sessionJwt", '"event":"request"', "session.opened", "session.opened")
    for name, marker in zip(seen_in, markers, strict=True):
        with case.cell(name):
            assert marker in seen_in[name]
            assert not _secrets_in(seen_in[name], code, mac)
    with case.cell("rows of the database"):
        live = place.send_code(email)
        tables = ("users", "login_ids", "challenges", "outbox", "audit_events", "counters")
        rows = {table: place.rows(table, "login_id" if table == "login_ids" else "id") for table in tables}
        assert rows["challenges"]
        assert not re.search(_alone(live), repr(rows))


def _secrets_in(text: str, code: str, mac: bytes) -> list[str]:
    """Return what a text tells of a code."""
    spellings = (base64.b64encode(mac), base64.urlsafe_b64encode(mac))
    hidden = [repr(mac)[2:-1], mac.hex(), *(each.rstrip(b"=").decode() for each in spellings)]
    return [each for each in hidden if each in text] + re.findall(_alone(code), text)


def _alone(code: str) -> str:
    """Return the pattern of a code that is not a part of a longer number or word."""
    return rf"(?<![0-9A-Za-z_.-]){code}(?![0-9A-Za-z_.-])"


def test_s_otp_15_change_of_address_needs_proof(case: Case, each_place: Place) -> None:
    place = each_place
    one, two = place.sign_in(), place.sign_in()

    def changed() -> bool:
        person, address = place.sign_in(), new_email()
        body = {"loginId": person.login_id, "email": address, "addToLoginIDs": True}
        assert place.api.post("/v1/auth/otp/update/email", person.refresh_jwt, body).status == 200
        return place.verify_code(person.login_id, place.avow.code(address)).body["user"]["email"] == address

    case.control(changed)
    updates = {
        "otp/update/email": {"email": new_email()},
        "otp/update/phone/sms": {"phone": new_phone()},
        "magiclink/update/email": {"email": new_email()},
        "magiclink/update/phone": {"phone": new_phone()},
        "enchantedlink/update/email": {"email": new_email()},
        "enchantedlink/update/phone/sms": {"phone": new_phone()},
    }
    before = state(place, STARTED)
    for path, body in updates.items():
        with case.cell(f"{path}, login ID of another user"):
            foreign = {"loginId": two.login_id, **body}
            assert_refused(place.api.post(f"/v1/auth/{path}", one.refresh_jwt, foreign), 401, 403)
            assert state(place, STARTED) == before
        with case.cell(f"{path}, login ID of nobody"):
            foreign = {"loginId": new_email(), **body}
            assert_refused(place.api.post(f"/v1/auth/{path}", one.refresh_jwt, foreign), 401, 403)
            assert state(place, STARTED) == before
        for name, token in (
            ("no token", ""),
            ("a session token", one.session_jwt),
            ("a key", place.avow.management_key),
        ):
            with case.cell(f"{path}, {name}"):
                assert_refused(place.api.post(f"/v1/auth/{path}", token, {"loginId": one.login_id, **body}), 401, 403)
                assert state(place, STARTED) == before
    for adds in (False, True):
        with case.cell("address of another user, not verified" + (", to sign in with" if adds else "")):
            before = state(place)
            wanted = {"loginId": one.login_id, "email": two.login_id, "onMergeUseExisting": True, "addToLoginIDs": adds}
            assert place.api.post("/v1/auth/otp/update/email", one.refresh_jwt, wanted).status == 200
            assert state(place) == before
            assert_refused(place.verify_code(one.login_id, next(wrong_codes(place.avow.code(two.login_id)))))
            assert state(place) == before
            assert_refused(place.verify_code(two.login_id, place.avow.code(two.login_id)))
            assert state(place) == before
    with case.cell("address of another user, verified: they stay apart"):
        assert_refused(place.verify_code(one.login_id, place.avow.code(two.login_id)), 400, code="E062107")
        assert state(place) == before
        assert place.sign_in(two.login_id).id == two.id
        assert place.sign_in(one.login_id).id == one.id
