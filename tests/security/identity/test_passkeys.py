"""S-IDN-01 and 07 with passkeys: whoever came before the owner is out, and a start tells nobody who exists."""

import gc
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from avow.server.projects import rows as projects
from avow.server.store import Tx
from avow.server.users import actions as users
from tests.bed.authenticator import Authenticator
from tests.bed.cases import Case
from tests.factories import make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.conftest import MakePlace
from tests.security.place import Person, Place, person_of, token_of
from tests.security.webauthn.holder import Holder, asked

Rounds = Callable[[int, int], int]


# --- S-IDN-01 ----------------------------------------------------------------------------------------------------


def _by_code(place: Place, address: str) -> Person:
    return place.sign_in(address, how="signin")


def _by_link(place: Place, address: str) -> Person:
    assert place.api.post("/v1/auth/magiclink/signin/email", body={"loginId": address}).status == 200
    token = token_of(place.avow.link(address))
    return person_of(address, place.api.post("/v1/auth/magiclink/verify", body={"token": token}))


WAYS: dict[str, Callable[[Place, str], Person]] = {"code": _by_code, "magic link": _by_link}


def test_s_idn_01_passkeys_of_whoever_came_before_the_owner(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: _keeps_own(place))
    for name, come in WAYS.items():
        with case.cell(f"sign-up by passkey, owner by {name}"):
            holder, address = Holder(place), new_email()
            attacker = holder.person(address)
            _assert_out(holder, attacker, come(place, address))
        with case.cell(f"passkeys added in the attacker's session, owner by {name}"):
            holder, other, address = Holder(place), Holder(place), new_email()
            attacker = holder.person(address)
            assert other.add(attacker).status == 200
            owner = come(place, address)
            _assert_out(holder, attacker, owner)
            _assert_out(other, attacker, owner)
        with case.cell(f"passkey that is on its way when the owner comes by {name}"):
            holder, other, address = Holder(place), Holder(place), new_email()
            attacker = holder.person(address)
            begun = other.begun("update", {"loginId": address}, attacker.refresh_jwt)
            made = other.device.create(begun["options"], other.origin)
            owner = come(place, address)
            assert_refused(other.finish("update", begun["transactionId"], made))
            _assert_out(holder, attacker, owner)
        with case.cell(f"sign-in that is on its way when the owner comes by {name}"):
            holder, address = Holder(place), new_email()
            attacker = holder.person(address)
            wish = holder.sign_in_wish(address)
            owner = come(place, address)
            assert_refused(place.api.carrier.send(wish))
            _assert_out(holder, attacker, owner)


def _keeps_own(place: Place) -> bool:
    """Tell whether somebody who proved their address first keeps the passkey that they add then."""
    person, holder = place.sign_in(), Holder(place)
    added = holder.add(person).status
    return (added, holder.sign_in(person.login_id).status, _by_code(place, person.login_id).id) == (200, 200, person.id)


def _assert_out(holder: Holder, attacker: Person, owner: Person) -> None:
    """Assert that neither session nor passkey of whoever came first leads in any more."""
    assert_refused(holder.place.api.me(attacker.refresh_jwt))
    assert_refused(holder.sign_in(""))
    assert_refused(holder.begin("signin", {"loginId": owner.login_id}))
    assert holder.place.api.get("/v1/auth/avow/passkeys", owner.refresh_jwt).body == {"passkeys": []}
    assert holder.place.api.me(owner.refresh_jwt).body["userId"] == owner.id


# --- S-IDN-07 ----------------------------------------------------------------------------------------------------


def _shown(answer: Answer) -> tuple[int, object, object, dict[str, str]]:
    """Return what an answer shows, without what is random in every answer, and the ids of the credentials."""
    body, options = answer.body, asked(answer.body["options"]) if "options" in answer.body else {}
    for name in ("challenge", "user"):
        if name in options:
            options[name] = len(str(options[name]))
    for each in options.get("allowCredentials", []):
        each["id"] = bool(each["id"])
    body = {name: len(value) if name == "transactionId" else value for name, value in body.items() if name != "options"}
    return (
        answer.status,
        body,
        options,
        {name: value for name, value in answer.headers.items() if name != "x-request-id"},
    )


def test_s_idn_07_passkey_starts_tell_nobody_who_exists(case: Case, make_each_place: MakePlace) -> None:
    place = make_each_place(hides_existence=True)
    holder = Holder(place, Authenticator())
    with_passkey, without, disabled = new_email(), new_email(), new_email()
    holder.sign_up(with_passkey)
    make_user(place.avow, without)
    stopped = Holder(place).person(disabled)
    place.avow.run(lambda tx: users.set_status(tx, stopped.id, "disabled"))
    case.control(lambda: holder.sign_in(with_passkey).status == 200)
    known = {"a user with a passkey": with_passkey, "a user without one": without, "a disabled user": disabled}
    stranger = new_email()
    for who, login_id in known.items():
        with case.cell(f"sign-in, {who}"):
            answers = [holder.begin("signin", {"loginId": each}) for each in (login_id, stranger)]
            assert _shown(answers[0]) == _shown(answers[1])
        with case.cell(f"sign-up, {who}"):
            mine = [holder.begin("signup", {"user": {"loginId": each}}) for each in (login_id, new_email())]
            assert _shown(mine[0])[:2] == _shown(mine[1])[:2]
            assert _shown(mine[0])[3] == _shown(mine[1])[3]
        with case.cell(f"sign-up or in, {who}"):
            both = [holder.begin("signup-in", {"loginId": each}) for each in (login_id, stranger)]
            assert _shown(both[0]) == _shown(both[1])
        for options in ({"stepup": True}, {"mfa": True}, {"customClaims": {"a": "b" * 100_000}}):
            with case.cell(f"sign-in with {next(iter(options))}, {who}"):
                bodies = [{"loginId": each, "loginOptions": options} for each in (login_id, stranger)]
                assert _shown(holder.begin("signin", bodies[0])) == _shown(holder.begin("signin", bodies[1]))
    with case.cell("passkeys of nobody are the same each time, and others' are others"):
        fakes = [
            asked(holder.begun("signin", {"loginId": each})["options"]) for each in (stranger, stranger, new_email())
        ]
        ids = [each["allowCredentials"][0]["id"] for each in fakes]
        assert ids[0] == ids[1] != ids[2]
    with case.cell("a disabled user and one without a passkey show the same ones each time, too"):
        for login_id in (without, disabled):
            assert _allowed(holder, login_id) == _allowed(holder, login_id)
    with case.cell("an answer to nobody's start is refused as a wrong one of a user's"):
        own = Holder(place)
        own.person()
        for login_id in (with_passkey, without, stranger):
            begun = own.begun("signin", {"loginId": login_id})
            shown = own.device.show(begun["options"], own.origin, passkey=own.device.newest)
            assert_refused(own.finish("signin", begun["transactionId"], shown), code="E067001")


def _allowed(holder: Holder, login_id: str) -> object:
    return asked(holder.begun("signin", {"loginId": login_id})["options"])["allowCredentials"]


@pytest.mark.alone
def test_s_idn_07_passkey_start_is_not_told_by_time(case: Case, make_each_place: MakePlace, rounds: Rounds) -> None:
    place = make_each_place(hides_existence=True)
    holder = Holder(place)
    pairs = []
    for _ in range(rounds(60, 200)):
        holder.sign_up(login_id := new_email())
        pairs.append((login_id, new_email()))
    case.control(lambda: holder.sign_in(pairs[0][0]).status == 200)
    with case.cell("webauthn/signin: as many statements for a user as for a stranger"):
        ran = [min((_statements(holder, who[side]) for who in pairs[:5]), key=len) for side in (0, 1)]
        assert ran[0] == ran[1]
    gc.collect()
    ratios = []
    for number, who in enumerate(pairs):
        times = {each: holder.begin("signin", {"loginId": each}).seconds for each in (who, who[::-1])[number % 2]}
        ratios.append(times[who[0]] / times[who[1]])
    difference = abs(statistics.median(ratios) - 1)
    with case.cell("webauthn/signin: times differ by under 50 %"):
        assert difference < 0.5
    if case.full_only("webauthn/signin: times differ by under 10 %"):
        with case.cell("webauthn/signin: times differ by under 10 %"):
            assert difference < 0.1


def _statements(holder: Holder, login_id: str) -> list[str]:
    """Return the first word of each statement of one start."""
    ran: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("one", "all", "run"):
            patch.setattr(Tx, name, _noting(getattr(Tx, name), ran))
        assert holder.begin("signin", {"loginId": login_id}).status == 200
    return ran


def _noting(method: Callable[..., Any], ran: list[str]) -> Callable[..., Any]:
    def noted(tx: Tx, sql: str, *rest: Any, **parameters: Any) -> Any:
        if sql != projects.FIND_VERSION:
            ran.append(sql.split()[0])
        return method(tx, sql, *rest, **parameters)

    return noted
