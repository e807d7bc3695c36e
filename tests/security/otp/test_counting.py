"""S-OTP-01 to 05, 11 and 12: how often codes are tried and sent, on the three back ends."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from itertools import cycle, islice
from typing import Any

import pytest

from avow.testing.server import Server
from avow.wire.projects import ProjectSettings
from tests.bed.backends import Backend, Launch
from tests.bed.cases import Case
from tests.bed.projects import make_project
from tests.bed.sms import SmsSink
from tests.factories import make_user, new_email, new_phone
from tests.security.calls import Answer, Api, OverHttp, assert_refused
from tests.security.conftest import MakePlace
from tests.security.counting import STARTED, assert_limited, send_back, state, wrong_codes
from tests.security.place import Place, in_process

Rounds = Callable[[int, int], int]

ATTEMPTS = 5
HOUR_SECONDS = 3600
DEFAULTS = ProjectSettings()
AT_ONCE = 8  # units of one process on PostgreSQL, the default of `pool_size`
METHODS = ("email", "sms", "voice", "whatsapp")


def _user(place: Place) -> tuple[str, str, str]:
    """Make a user with an address and a number, both login IDs; return id, address and number."""
    email, phone = new_email(), new_phone()
    return make_user(place.avow, email, phone=phone, further_login_ids=[phone]), email, phone


def _start(place: Place, login_id: str, method: str = "email") -> int:
    return place.api.post(f"/v1/auth/otp/signin/{method}", body={"loginId": login_id}).status


def _code(place: Place, email: str, phone: str, method: str) -> str:
    return place.avow.code(email if method == "email" else phone)


def test_s_otp_01_code_works_once(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    for method in METHODS:
        _, email, phone = _user(place)
        assert _start(place, email, method) == 200
        code = _code(place, email, phone, method)
        assert send_back(place, email, code, method=method).status == 200
        before = state(place, STARTED)
        for when, seconds in (("at once", 0), ("31 s later", 31)):
            with case.cell(f"{method}, {when}"):
                place.advance(seconds)
                for _ in range(4):  # on every process
                    assert_refused(send_back(place, email, code, method=method), code="E061102")
                assert state(place, STARTED) == before


def test_s_otp_02_brute_force_on_one_code(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    for method in METHODS:
        with case.cell(method):
            _, email, phone = _user(place)
            assert _start(place, email, method) == 200
            right = _code(place, email, phone, method)
            before = state(place)
            answers = [send_back(place, email, wrong, method=method) for wrong in islice(wrong_codes(right), 20)]
            for answer in answers[: ATTEMPTS - 1]:
                assert_refused(answer, code="E061102")
            for answer in answers[ATTEMPTS - 1 :]:
                assert_refused(answer, code="E061103")
            assert_refused(send_back(place, email, right, method=method), code="E061103")
            assert state(place) == before
            assert _start(place, email, method) == 200
            fresh = _code(place, email, phone, method)
            assert send_back(place, email, fresh, method=method).status == 200


def test_s_otp_03_starting_again_does_not_reset_the_budget(case: Case, place: Place, rounds: Rounds) -> None:
    case.control(lambda: place.sign_in())
    assert DEFAULTS.guesses_per_hour <= 100
    user, email, _ = _user(place)
    before = state(place)
    judged, starts, answers = 0, list[Answer](), list[Answer]()
    with case.cell("the wrong codes of all starts together are bounded"):
        for _ in range(rounds(12, 200)):
            starts.append(place.api.post("/v1/auth/otp/signin/email", body={"loginId": email}))
            answers = [send_back(place, email, wrong) for wrong in islice(wrong_codes(place.avow.code(email)), 3)]
            judged += sum(answer.status == 401 for answer in answers)
        assert judged == DEFAULTS.guesses_per_hour
        assert_limited(answers[-1], HOUR_SECONDS)
    with case.cell("a start is refused, too"):
        assert_limited(starts[-1], HOUR_SECONDS)
        for method in METHODS:
            assert_limited(place.api.post(f"/v1/auth/otp/signin/{method}", body={"loginId": email}), HOUR_SECONDS)
            assert_limited(place.api.post(f"/v1/auth/otp/signup-in/{method}", body={"loginId": email}), HOUR_SECONDS)
        session = place.open_session(user, login_id=email)
        body = {"loginId": email, "email": new_email()}
        assert_limited(place.api.post("/v1/auth/otp/update/email", session.refresh_jwt, body), HOUR_SECONDS)
    with case.cell("the right code of a live start is refused"):
        assert_limited(send_back(place, email, place.avow.code(email)), HOUR_SECONDS)
    with case.cell("a sign-up has a budget, too"):
        _assert_budget_of_sign_up(place)
    with case.cell("another factor still works"):
        assert state(place)["users"] == before["users"]
        token = place.send_magic_link(email, how="signin")
        assert place.api.post("/v1/auth/magiclink/verify", body={"token": token}).status == 200
    with case.cell("after an hour codes work again"):
        place.advance(HOUR_SECONDS + 1)
        assert place.sign_in(email).id == user


def _assert_budget_of_sign_up(place: Place) -> None:
    newcomer, judged = new_email(), 0
    started = place.api.post("/v1/auth/otp/signup/email", body={"loginId": newcomer})
    while started.status == 200:
        answers = [send_back(place, newcomer, wrong) for wrong in islice(wrong_codes(place.avow.code(newcomer)), 4)]
        judged += sum(answer.status == 401 for answer in answers)
        started = place.api.post("/v1/auth/otp/signup/email", body={"loginId": newcomer})
    assert judged == DEFAULTS.guesses_per_hour
    assert_limited(started, HOUR_SECONDS)


def test_s_otp_04_one_budget_for_all_spellings_and_methods(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    budget = DEFAULTS.guesses_per_hour
    with case.cell("one spelling and method"):
        _, email, _ = _user(place)
        assert _tries_before_refusal(place, [(email, "email")], [(email, "email")]) == budget
    user, email, phone = _user(place)
    name, _, host = email.partition("@")
    addresses = (email, f"{name.title()}@Example.com", f"{name}@{host.upper()}", email.upper(), f" {email} ")
    numbers = (phone, f"{phone[:2]} {phone[2:5]} {phone[5:]}", f"{phone[:2]} ({phone[2:5]}) {phone[5:8]}-{phone[8:]}")
    everywhere = [(login_id, method) for login_id in (*addresses, *numbers) for method in METHODS]
    with case.cell("all spellings, both login IDs, every method"):
        assert _tries_before_refusal(place, everywhere, everywhere[::-1]) == budget
    with case.cell("and then none of them goes on"):
        for login_id, method in everywhere:
            assert_limited(send_back(place, login_id, "123456", method=method), HOUR_SECONDS)
    with case.cell("the user id is no login ID"):
        _, email, phone = _user(place)
        assert _start(place, email) == 200
        code = place.avow.code(email)
        assert_refused(send_back(place, user, code))
        assert send_back(place, email, code).status == 200
    with case.cell("one new login ID after the other, all with one address"):
        judged, email = 0, new_email()
        for number in range(40):
            body = {"loginId": f"somebody-{number}", "email": email.upper() if number % 2 else email}
            if place.api.post("/v1/auth/otp/signup/email", body=body).status != 200:
                break
            answers = [send_back(place, body["loginId"], wrong) for wrong in islice(wrong_codes(), 4)]
            judged += sum(answer.status == 401 for answer in answers)
            place.advance(130)  # the limit of messages to an address
        assert judged == budget
    with case.cell("codes for changes of address count with those for sign-ins"):
        user, email, phone = _user(place)
        session = place.open_session(user, login_id=email)
        judged = _tries_before_refusal(place, [(email, "email")], [(email, "email")], most=12)
        while judged <= budget:
            body = {"loginId": email, "email": new_email()}
            if place.api.post("/v1/auth/otp/update/email", session.refresh_jwt, body).status != 200:
                break
            answers = [send_back(place, email, wrong) for wrong in islice(wrong_codes(), 4)]
            judged += sum(answer.status == 401 for answer in answers)
        assert judged == budget


def _tries_before_refusal(
    place: Place, starts: list[tuple[str, str]], tries: list[tuple[str, str]], most: int = 100
) -> int:
    """Return how many wrong codes were judged before the first 429, four for each start."""
    judged, start, guess = 0, cycle(starts), cycle(tries)
    while judged < most:
        if _start(place, *next(start)) != 200:
            return judged
        for wrong in islice(wrong_codes(), 4):
            login_id, method = next(guess)
            if send_back(place, login_id, wrong, method=method).status == 429:
                return judged
            judged += 1
    return judged


def test_s_otp_05_old_code_dies_when_a_new_one_is_sent(case: Case, place: Place) -> None:
    case.control(lambda: place.sign_in())
    pairs = [(first, second) for first in METHODS[:2] for second in METHODS]
    for first, second in pairs:
        with case.cell(f"{first}, then {second}"):
            _, email, phone = _user(place)
            assert _start(place, email, first) == 200
            old = _code(place, email, phone, first)
            assert _start(place, email, second) == 200
            new = _code(place, email, phone, second)
            assert_refused(send_back(place, email, old, method=first))
            assert send_back(place, email, new, method=second).status == 200
            assert_refused(send_back(place, email, old, method=first))
    with case.cell("a sign-up begun twice"):
        newcomer = new_email()
        old, new = place.send_code(newcomer, how="signup"), place.send_code(newcomer.upper(), how="signup-in")
        assert_refused(place.verify_code(newcomer, old))
        assert place.verify_code(newcomer, new).status == 200
    with case.cell("a sign-in, then a change of address"):
        user, email, _ = _user(place)
        session = place.open_session(user, login_id=email)
        old, address = place.send_code(email, how="signin"), new_email()
        body = {"loginId": email, "email": address}
        assert place.api.post("/v1/auth/otp/update/email", session.refresh_jwt, body).status == 200
        assert_refused(place.verify_code(email, old))
        assert place.verify_code(email, place.avow.code(address)).status == 200


def test_s_otp_11_send_flooding(case: Case, make_place: MakePlace) -> None:
    place = make_place(sends_per_address=DEFAULTS.sends_per_address)
    case.control(lambda: place.sign_in())
    most, window = DEFAULTS.sends_per_address, 600
    assert most <= 5
    _, email, phone = _user(place)
    with case.cell("one client"):
        wish = place.api.wish("POST", "/v1/auth/otp/signin/email", body={"loginId": email})
        answers = place.http.send_at_once([wish] * 100)
        assert sum(answer.status == 200 for answer in answers) == most
        for answer in answers:
            if answer.status != 200:
                assert_limited(answer, window)
        assert len(place.avow.messages(email)) <= most
    with case.cell("20 values of X-Forwarded-For"):
        for number in range(20):
            headers = {"x-forwarded-for": f"198.51.100.{number}", "forwarded": f"for=198.51.100.{number}"}
            answer = place.api.post("/v1/auth/otp/signin/email", body={"loginId": email}, headers=headers)
            assert_limited(answer, window)
    with case.cell("other spellings, methods and routes to the same address"):
        starts = [f"/v1/auth/{name}/{how}/email" for name in ("otp", "magiclink") for how in ("signin", "signup-in")]
        for path in [*starts, "/v1/auth/enchantedlink/signin/email"]:
            for spelling in (email.upper(), f" {email}", email.replace("example", "Example")):
                assert_limited(place.api.post(path, body={"loginId": spelling}), window)
        sign_up = {"loginId": new_email().partition("@")[0], "user": {"email": email.upper()}}
        assert_limited(place.api.post("/v1/auth/otp/signup/email", body=sign_up), window)
    with case.cell("a domain in letters and as DNS writes it"):
        mailbox = new_email().partition("@")[0]
        spellings = [f"{mailbox}@{domain}" for domain in ("b\u00fccher.test", "xn--bcher-kva.test", "B\u00dcCHER.test")]
        wishes = [{"loginId": spellings[number % 3]} for number in range(most + 1)]
        sent = [place.api.post("/v1/auth/otp/signup-in/email", body=body).status for body in wishes]
        assert sent == [200] * most + [429]
    with case.cell("a number"):
        wish = place.api.wish("POST", "/v1/auth/otp/signin/sms", body={"loginId": phone})
        answers = place.http.send_at_once([wish] * 30)
        assert sum(answer.status == 200 for answer in answers) == most
        assert_limited(place.api.post("/v1/auth/otp/signin/voice", body={"loginId": email}), window)
    with case.cell("somebody else is not limited"):
        place.sign_in()
    with case.cell("after the window there are messages again"):
        place.advance(window + 1)
        assert _start(place, email) == 200


def test_s_otp_11_forwarded_addresses_count_only_through_trusted_proxies(
    case: Case, make_server: Callable[..., Server]
) -> None:
    direct = make_server()
    behind = make_server(trusted_proxies=(ip_network("127.0.0.0/8"),))
    case.control(lambda: in_process(direct).sign_in())
    with case.cell("no trusted proxy: the header widens nothing"):
        assert _accepted(direct, "198.51.100.{}") == 5
    with case.cell("trusted proxy: each address has its own limit"):
        assert _accepted(behind, "198.51.100.{}") == 20
    with case.cell("trusted proxy: what the client put in front counts for nothing"):
        assert _accepted(behind, "198.51.100.{}, 203.0.113.9") == 5
    with case.cell("trusted proxy: an address does not get more messages"):
        place, body = in_process(behind, sends_per_address=5), {"loginId": new_email()}
        headers = [{"x-forwarded-for": f"198.51.100.{number}"} for number in range(20)]
        answers = [place.api.post("/v1/auth/otp/signup/email", body=body, headers=each) for each in headers]
        assert sum(answer.status == 200 for answer in answers) == 5
    direct.clock.advance(60)  # the control has its own minute


def _accepted(server: Server, hops: str) -> int:
    """Return how many of 20 requests a limit of five in a minute lets through; `{}` in the header is a number."""
    server.clock.advance(61 - server.clock() % 60)
    place = in_process(server, requests_per_minute=5)
    answers = []
    for number in range(20):
        body, headers = {"loginId": new_email()}, {"x-forwarded-for": hops.format(number)}
        answers.append(place.api.post("/v1/auth/otp/signup-in/email", body=body, headers=headers))
    for answer in answers:
        if answer.status != 200:
            assert_limited(answer, 60)
    return sum(answer.status == 200 for answer in answers)


@pytest.fixture
def carriers() -> Iterator[list[OverHttp]]:
    """Give a list for the ways to servers that a test makes; they are closed after its controls."""
    made: list[OverHttp] = []
    yield made
    for carrier in made:
        carrier.close()


def test_s_otp_12_limits_against_toll_fraud(
    case: Case, backend: Backend, launch_servers: Launch, sms_sink: SmsSink, carriers: list[OverHttp]
) -> None:
    gateway = {"URL": sms_sink.url, "ACCOUNT": "AC1", "TOKEN": "token", "FROM": "+15005550006"}
    servers = launch_servers(backend, {f"AVOW_SMS_{name}": value for name, value in gateway.items()})

    def project(**settings: Any) -> Api:
        carriers.append(OverHttp(servers.urls))
        made = make_project(servers.database_url, servers.clock, **settings)
        return Api(made.id, carriers[-1], servers.url)

    def statuses(api: Api, numbers: list[str], path: str = "/v1/auth/otp/signup-in/sms") -> list[int]:
        answers = carriers[-1].send_at_once([api.wish("POST", path, body={"loginId": each}) for each in numbers])
        for answer in answers:
            if answer.status == 429:
                assert_limited(answer, 60)
        return [answer.status for answer in answers]

    def sent(wanted: int) -> int:
        sms_sink.wait(wanted)
        return len(sms_sink.taken)

    free = project()
    case.control(lambda: statuses(free, [new_phone()]) == [200])
    taken = sent(1)
    with case.cell("200 numbers of one prefix in a minute"):
        api = project()
        codes = statuses(api, [f"+1415555{number:04d}" for number in range(200)])
        assert set(codes) == {200, 429}
        assert codes.count(200) == DEFAULTS.sends_per_phone_prefix
        taken += DEFAULTS.sends_per_phone_prefix
        assert sent(taken) == taken
    with case.cell("calls and WhatsApp count with messages"):
        for method in ("voice", "whatsapp"):
            assert statuses(api, ["+14155559999"], f"/v1/auth/otp/signup-in/{method}") == [429]
        body = {"loginId": new_email(), "user": {"phone": "+14155559999"}}
        assert_limited(api.post("/v1/auth/otp/signup/sms", body=body), 60)
        assert statuses(api, ["+12125551234"]) == [200]  # another prefix
        taken += 1
        assert sent(taken) == taken
    with case.cell("the whole project is capped"):
        api = project(sends_per_minute=10)
        numbers = [f"+1{area}5551234" for area in range(201, 250) if area not in {211, 237}]
        let_through = statuses(api, numbers[:30]).count(200)
        # On PostgreSQL, sends that are under way at once do not see each other: no lock is held on a whole project.
        assert 10 <= let_through <= (10 if backend.is_sqlite else 10 + AT_ONCE * backend.instances)
        assert set(statuses(api, numbers[30:])) == {429}
        taken += let_through
        assert sent(taken) == taken
    with case.cell("premium and satellite numbers"):
        api = project()
        costly = ["+19005551234", "+881612345678", "+88213123456", "+870776123456", "+97912345678"]
        assert set(statuses(api, costly)) == {400}
        assert len(sms_sink.taken) == taken
    with case.cell("countries that are not on the list"):
        api = project(phone_countries=["DE"])
        assert set(statuses(api, ["+12125551234", "+33612345678", "+442071838750"])) == {400}
        assert statuses(api, ["+4915123456789"]) == [200]
        taken += 1
        assert sent(taken) == taken
    with case.cell("numbers that nobody signed up with"):
        api = project()
        assert statuses(api, ["+12125551234"] * 20, "/v1/auth/otp/signin/sms") == [401] * 20
        assert len(sms_sink.taken) == taken
