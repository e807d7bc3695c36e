"""S-WAN-01 to 04 and 06: what is answered is what was asked, signed by the passkey, on the right page, once."""

from collections.abc import Callable
from typing import Any

from tests.bed.authenticator import Authenticator, Forgery, encode, new_key
from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.webauthn.holder import Holder

RP = "rp.example"
ORIGIN = "https://rp.example"
LIFETIME_SECONDS = 300
_UP, _UV, _BE, _BS = 1, 4, 8, 16
_P256 = new_key("ES256").cose

Make = Callable[[Forgery], Answer]


def _holder(make_each_place: MakePlace, **settings: Any) -> Holder:
    place = make_each_place(passkey_rp_id=RP, passkey_origins=[ORIGIN], **settings)
    return Holder(place, Authenticator(), ORIGIN)


def _works(holder: Holder, login_id: str) -> bool:
    """Tell whether the right answers are taken: a sign-in by name, one without, and a sign-up."""
    newcomer = Holder(holder.place, Authenticator(), ORIGIN)
    answers = (holder.sign_in(login_id), holder.sign_in(""), newcomer.sign_up())
    return {each.status for each in answers} == {200}


def _each_ceremony(holder: Holder, login_id: str) -> dict[str, Make]:
    """Return how a forged answer is given in each ceremony; a forged sign-up is by somebody new."""
    person = Holder(holder.place, Authenticator(), ORIGIN).person()

    def added(forgery: Forgery) -> Answer:
        return Holder(holder.place, Authenticator(), ORIGIN).add(person, forgery)

    return {
        "sign-in": lambda forgery: holder.sign_in(login_id, forgery),
        "sign-in without a login ID": lambda forgery: holder.sign_in("", forgery),
        "sign-up": lambda forgery: Holder(holder.place, Authenticator(), ORIGIN).sign_up(None, forgery),
        "update": added,
    }


def _try_everywhere(case: Case, holder: Holder, login_id: str, forgeries: dict[str, Forgery]) -> None:
    """Give each forged answer in each ceremony; nothing is let in, and nothing changes."""
    ceremonies = _each_ceremony(holder, login_id)
    before = holder.stored()
    for name, forgery in forgeries.items():
        for ceremony, answer in ceremonies.items():
            with case.cell(f"{ceremony}: {name}"):
                assert_refused(answer(forgery))
                assert holder.stored() == before


def test_s_wan_01_answer_is_to_the_challenge_and_once(case: Case, make_each_place: MakePlace) -> None:
    holder, login_id = _holder(make_each_place), new_email()
    holder.sign_up(login_id)
    case.control(lambda: _works(holder, login_id))
    _try_everywhere(
        case,
        holder,
        login_id,
        {
            "a random challenge": Forgery(client_data={"challenge": encode(b"C" + b"0" * 26)}),
            "an empty challenge": Forgery(client_data={"challenge": ""}),
            "no challenge": Forgery(client_data={"challenge": None}),
        },
    )
    person = holder.person()
    before = holder.stored()
    for what, body, token in (
        ("signin", {"loginId": login_id}, ""),
        ("signup", {"user": {"loginId": new_email()}}, ""),
        ("update", {"loginId": person.login_id}, person.refresh_jwt),
    ):
        first, second = holder.begun(what, body, token), holder.begun(what, body, token)
        answer = _answer(Holder(holder.place, Authenticator(), ORIGIN) if what != "signin" else holder, what)
        with case.cell(f"{what}: the challenge of another transaction"):
            assert_refused(holder.finish(what, second["transactionId"], answer(first["options"])))
        with case.cell(f"{what}: refused once, the transaction is over"):
            assert_refused(holder.finish(what, second["transactionId"], answer(second["options"])))
        with case.cell(f"{what}: older than its life"):
            late = holder.begun(what, body, token)
            made = answer(late["options"])
            holder.place.advance(LIFETIME_SECONDS)
            assert_refused(holder.finish(what, late["transactionId"], made))
        with case.cell(f"{what}: a transaction that never was"):
            assert_refused(holder.finish(what, "C" + "0" * 26, answer(holder.begun(what, body, token)["options"])))
        with case.cell(f"{what}: nothing has changed"):
            assert holder.stored() == before
    with case.cell("the same finished sign-in twice"):
        begun = holder.begun("signin", {"loginId": login_id})
        shown = holder.device.show(begun["options"], ORIGIN)
        assert holder.finish("signin", begun["transactionId"], shown).status == 200
        assert_refused(holder.finish("signin", begun["transactionId"], shown))
    with case.cell("the same finished sign-up twice"):
        begun = holder.begun("signup", {"user": {"loginId": new_email()}})
        made = holder.device.create(begun["options"], ORIGIN)
        assert holder.finish("signup", begun["transactionId"], made).status == 200
        assert_refused(holder.finish("signup", begun["transactionId"], made))
    _try_purposes(case, holder, login_id)


def _answer(holder: Holder, what: str) -> Callable[[str], str]:
    if what == "signin":
        return lambda options: holder.device.show(options, ORIGIN)
    return lambda options: holder.device.create(options, ORIGIN)


def _try_purposes(case: Case, holder: Holder, login_id: str) -> None:
    """Answer a transaction of one purpose on the routes of the others."""
    person = Holder(holder.place, Authenticator(), ORIGIN).person()
    sign_up = holder.begun("signup", {"user": {"loginId": new_email()}})
    sign_in = holder.begun("signin", {"loginId": login_id})
    update = holder.begun("update", {"loginId": person.login_id}, person.refresh_jwt)
    for what, begun in (("sign-up", sign_up), ("update", update)):
        with case.cell(f"challenge of a {what} in a sign-in"):
            challenge = {"challenge": encode(begun["transactionId"].encode())}
            options = holder.begun("signin", {"loginId": login_id})["options"]
            shown = holder.device.show(options, ORIGIN, Forgery(client_data=challenge))
            assert_refused(holder.finish("signin", begun["transactionId"], shown))
    for what, begun in (("signup", update), ("update", sign_up)):
        with case.cell(f"challenge of another purpose in {what}"):
            made = Authenticator().create(begun["options"], ORIGIN)
            assert_refused(holder.finish(what, begun["transactionId"], made))
    for what in ("signup", "update"):
        with case.cell(f"challenge of a sign-in in {what}"):
            challenge = {"challenge": encode(sign_in["transactionId"].encode())}
            made = Authenticator().create(sign_up["options"], ORIGIN, Forgery(client_data=challenge))
            assert_refused(holder.finish(what, sign_in["transactionId"], made))


def test_s_wan_02_origin_and_domain_are_the_projects(case: Case, make_each_place: MakePlace) -> None:
    holder, login_id = _holder(make_each_place), new_email()
    holder.sign_up(login_id)
    case.control(lambda: _works(holder, login_id))
    origins = {
        "another site": "https://evil.example",
        "a site that begins alike": "https://rp.example.evil.example",
        "without TLS": "http://rp.example",
        "another port": "https://rp.example:8443",
        "a page below the domain that is not listed": "https://evil.rp.example",
        "null": "null",
        "missing": None,
        "with a slash": "https://rp.example/",
        "in capitals": "HTTPS://RP.EXAMPLE",
        "a list": [ORIGIN],
        "a number": 7,
    }
    forgeries = {f"origin, {name}": Forgery(client_data={"origin": value}) for name, value in origins.items()}
    forgeries |= {
        f"rpIdHash of {domain or 'nothing'}": Forgery(rp_id=domain)
        for domain in ("evil.example", "sub.rp.example", "example", ORIGIN, "")
    }
    forgeries["a frame of another site"] = Forgery(client_data={"crossOrigin": True})
    _try_everywhere(case, holder, login_id, forgeries)
    for name, value in origins.items():
        with case.cell(f"a start, origin {name}"):
            answer = holder.begin("signin", {"loginId": login_id, "origin": value})
            assert_refused(answer, 400)


def test_s_wan_03_type_and_flags(case: Case, make_each_place: MakePlace) -> None:
    holder, login_id = _holder(make_each_place), new_email()
    holder.sign_up(login_id)
    case.control(lambda: _works(holder, login_id))
    flags = {
        "UP 0": _UV | _BE | _BS,
        "UV 0 where it is required": _UP | _BE | _BS,
        "BS 1 with BE 0": _UP | _UV | _BS,
        "none at all": 0,
    }
    _try_everywhere(case, holder, login_id, {name: Forgery(flags=value) for name, value in flags.items()})
    before = holder.stored()
    for name in ("webauthn.create", "payment.get", "WEBAUTHN.GET", "", None, 7):
        with case.cell(f"sign-in: type {name!r}"):
            assert_refused(holder.sign_in(login_id, Forgery(client_data={"type": name})))
    for name in ("webauthn.get", "payment.create", "", None, 7):
        with case.cell(f"sign-up: type {name!r}"):
            newcomer = Holder(holder.place, Authenticator(), ORIGIN)
            assert_refused(newcomer.sign_up(None, Forgery(client_data={"type": name})))
    with case.cell("BE that changes after the registration"):
        assert_refused(holder.sign_in(login_id, Forgery(flags=_UP | _UV)))
    with case.cell("nothing has changed"):
        assert holder.stored() == before
    lenient = _holder(make_each_place, passkey_user_verification="preferred")
    lenient.sign_up(login_id)
    with case.cell("UV 0 where it is only preferred, and UP 0 there"):
        assert lenient.sign_in(login_id, Forgery(flags=_UP | _BE | _BS)).status == 200
        assert_refused(lenient.sign_in(login_id, Forgery(flags=_UV | _BE | _BS)))


def test_s_wan_04_signature_and_key(case: Case, make_each_place: MakePlace) -> None:
    holder, login_id = _holder(make_each_place), new_email()
    holder.sign_up(login_id)
    case.control(lambda: _works(holder, login_id))
    before = holder.stored()
    signed = {
        "signature by another key": Forgery(key=new_key("ES256")),
        "ES256 passkey, RS256 signature": Forgery(key=new_key("RS256")),
        "ES256 passkey, EdDSA signature": Forgery(key=new_key("EdDSA")),
        "authenticator data changed": Forgery(after_signing=lambda data: data[:-1] + b"\x07"),
        "flags changed": Forgery(flags=_UP | _BE | _BS, after_signing=lambda data: data[:32] + b"\x1d" + data[33:]),
        "authenticator data cut short": Forgery(after_signing=lambda data: data[:36]),
        "authenticator data with more behind": Forgery(after_signing=lambda data: data + b"\0" * 9),
    }
    for name, forgery in signed.items():
        for named in (login_id, ""):
            with case.cell(f"{name}, {'by name' if named else 'without a login ID'}"):
                assert_refused(holder.sign_in(named, forgery))
    for name, signature in {"empty": "", "zeros": encode(bytes(70)), "long": encode(bytes(5000))}.items():
        with case.cell(f"a signature of {name}"):
            assert_refused(_with_signature(holder, login_id, signature))
    keys: dict[str, Any] = {
        "an algorithm that was not offered": new_key("ES384").cose,
        "RSA of 1024 bits": new_key("RS256 of 1024 bits").cose,
        "an exponent of 1": {**new_key("RS256").cose, -2: b"\x01"},
        "a point that is on no curve": {**_P256, -2: b"\x01" * 32, -3: b"\x02" * 32},
        "the point at infinity": {**_P256, -2: bytes(32), -3: bytes(32)},
        "another curve": {**_P256, -1: 3},
        "ES256 that is called RS256": {**_P256, 3: -257},
        "no algorithm": {1: 2, -1: 1, -2: _P256[-2], -3: _P256[-3]},
        "a key of no algorithm at all": {1: 4, 3: -7, -1: b"secret"},
        "no key": b"",
        "nested far too deep": b"\x81" * 2000,
        "of a length that is not there": b"\x9b" + b"\xff" * 8,
    }
    for name, cose in keys.items():
        with case.cell(f"a new passkey with {name}"):
            assert_refused(Holder(holder.place, Authenticator(), ORIGIN).sign_up(None, Forgery(cose=cose)), 400, 401)
    for name in ("fido-u2f", "tpm", "apple", "android-key", "android-safetynet", "packed", "unheard of"):
        with case.cell(f"attestation {name} that nobody asked for"):
            forgery = Forgery(
                attestation=(name, {"alg": -7, "sig": b"x", "x5c": [b"y"], "ver": "2.0", "response": b"z"})
            )
            assert_refused(Holder(holder.place, Authenticator(), ORIGIN).sign_up(None, forgery), 400, 401)
    with case.cell("nothing has changed"):
        assert holder.stored() == before


def _with_signature(holder: Holder, login_id: str, signature: str) -> Answer:
    begun = holder.begun("signin", {"loginId": login_id})
    shown = holder.device.show(begun["options"], ORIGIN)
    key = '"signature": "'
    start = shown.index(key) + len(key)
    forged = shown[:start] + signature + shown[shown.index('"', start) :]
    return holder.finish("signin", begun["transactionId"], forged)


def test_s_wan_06_counter_grows_or_is_not_kept(case: Case, make_each_place: MakePlace) -> None:
    holder, login_id = _holder(make_each_place), new_email()
    holder.device = Authenticator(counts=True)
    person = holder.person(login_id)
    case.control(lambda: _another_works(holder))
    assert holder.sign_in(login_id, Forgery(count=10)).status == 200
    before = holder.stored()
    for count in (10, 9, 1, 0):
        with case.cell(f"{count} after 10"):
            assert_refused(holder.sign_in(login_id, Forgery(count=count)))
            assert holder.stored() == before
    with case.cell("each is a risk event, of the user and nobody else"):
        noted = [row for row in holder.place.rows("audit_events") if "passkey.counter_did_not_grow" in row]
        assert len(noted) == 4
        assert all(person.id in row for row in noted)
    with case.cell("a count that was not signed is no risk event"):
        assert_refused(holder.sign_in(login_id, Forgery(count=3, key=new_key("ES256"))))
        noted = [row for row in holder.place.rows("audit_events") if "passkey.counter_did_not_grow" in row]
        assert len(noted) == 4
    with case.cell("11 after 10, and the highest"):
        assert holder.sign_in(login_id, Forgery(count=11)).status == 200
        assert holder.sign_in(login_id, Forgery(count=2**32 - 1)).status == 200
    with case.cell("a device that keeps none works again and again"):
        other = Holder(holder.place, Authenticator(), ORIGIN)
        other.sign_up(name := new_email())
        assert [other.sign_in(name).status for _ in range(3)] == [200, 200, 200]


def _another_works(holder: Holder) -> bool:
    other, login_id = Holder(holder.place, Authenticator(counts=True), ORIGIN), new_email()
    return other.sign_up(login_id).status == 200 and _works(other, login_id)
