"""S-IDN-04, 05, 06 and 08: which spellings are one account, which are refused, and that a mail has one recipient."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pytest

from avow.errors import AvowError
from avow.server.app import build
from avow.server.delivery.courier import Courier
from avow.server.settings import Settings
from avow.testing.server import Server
from tests.bed.cases import Case
from tests.bed.server import SECRET_KEY
from tests.bed.smtp import Mail, SmtpSink
from tests.factories import make_tenant, make_user, new_email
from tests.security.calls import Answer, assert_refused
from tests.security.counting import STARTED, state
from tests.security.place import Place, in_process, token_of

STARTS = tuple(
    f"{method}/{how}/email"
    for method in ("otp", "magiclink", "enchantedlink")
    for how in ("signup", "signin", "signup-in")
)


def _start(place: Place, path: str, login_id: str, **body: object) -> Answer:
    return place.api.post(f"/v1/auth/{path}", body={"loginId": login_id, **body})


def _prove(place: Place, address: str, login_id: str, answer: Answer) -> str:
    """Answer the newest letter to an address; return who signed in."""
    letter = place.avow.messages(address)[0]
    if letter.code:
        return str(place.verify_code(login_id, letter.code).body["user"]["userId"])
    if letter.link:
        body = {"token": token_of(letter.link)}
        return str(place.api.post("/v1/auth/magiclink/verify", body=body).body["user"]["userId"])
    right = next(token_of(link.url) for link in letter.links if link.id == answer.body["linkId"])
    assert place.api.post("/v1/auth/enchantedlink/verify", body={"token": right}).status == 200
    pending = {"pendingRef": answer.body["pendingRef"]}
    return str(place.api.post("/v1/auth/enchantedlink/pending-session", body=pending).body["user"]["userId"])


def test_s_idn_04_case_and_space(case: Case, each_place: Place) -> None:
    place = each_place
    alice = place.sign_in()
    name, _, host = alice.login_id.partition("@")
    case.control(lambda: place.sign_in(alice.login_id).id == alice.id)
    same = {
        "capitals": alice.login_id.upper(),
        "a capital first": alice.login_id.capitalize(),
        "capitals in the domain": f"{name}@{host.upper()}",
        "space before": f" {alice.login_id}",
        "space after": f"{alice.login_id}  ",
    }
    refused = {
        "line break after": f"{alice.login_id}\n",
        "tab before": f"\t{alice.login_id}",
        "no-break space after": f"{alice.login_id}\u00a0",
        "ideographic space before": f"\u3000{alice.login_id}",
        "dot after": f"{alice.login_id}.",
        "space within": f"{name} @{host}",
        "domain in full-width letters": f"{name}@\uff45xample.com",
        "ideographic stop": f"{name}@example\u3002com",
    }
    for path in STARTS:
        for what, spelling in same.items():
            with case.cell(f"{path}, {what}"):
                users = state(place)["users"]
                answer = _start(place, path, spelling)
                if "/signup/" in path:
                    assert_refused(answer, 400, code="E062107")
                else:
                    assert answer.status == 200
                    assert _prove(place, alice.login_id, spelling, answer) == alice.id
                assert len(state(place)["users"]) == len(users)
        for what, spelling in refused.items():
            with case.cell(f"{path}, {what}"):
                mails, before = len(place.avow.messages()), state(place, STARTED)
                answer = _start(place, path, spelling)
                assert_refused(answer, 400)
                assert answer.body["errorCode"].startswith("E0110")
                assert state(place, STARTED) == before
                assert len(place.avow.messages()) == mails
    with case.cell("creation straight in the database"):
        for spelling in same.values():
            before = state(place)
            assert _refusal(partial(make_user, place.avow, spelling)) == "E062107"
            assert state(place) == before
    with case.cell("management create"):
        _assert_creation_knows_spellings(place, same.values(), refused.values())
    with case.cell("a name, not an address"):
        address = new_email()
        bob = _prove(place, address, "bob smith", _start(place, "otp/signup/email", "Bob Smith", email=address))
        for spelling in ("bob smith", "BOB SMITH", " Bob Smith "):
            assert _prove(place, address, spelling, _start(place, "otp/signin/email", spelling)) == bob


def _assert_creation_knows_spellings(place: Place, same: Iterable[str], refused: Iterable[str]) -> None:
    key, tables = place.avow.management_key, (*STARTED, "audit_events")

    def create(path: str, body: dict[str, object]) -> Answer:
        return place.api.post(f"/v1/mgmt/user/{path}", key, body)

    for spellings, codes in ((same, ("E062107",)), (refused, ("E011003", "E011004"))):
        for spelling in spellings:
            before, mails = state(place, tables), len(place.avow.messages())
            bodies: dict[str, dict[str, object]] = {
                "create": {"loginId": spelling, "invite": True},
                "create/test": {"loginId": spelling},
                "signup/embeddedlink": {"loginId": spelling},
            }
            for path, body in bodies.items():
                answer = create(path, body)
                assert_refused(answer, 400)
                assert answer.body["errorCode"] in codes, (path, spelling, answer.content)
            beside = create("create", {"loginId": new_email(), "additionalLoginIds": [spelling]})
            assert_refused(beside, 400)
            batch = create("create/batch", {"users": [{"loginId": spelling}], "invite": True}).body
            assert (batch["createdUsers"], len(batch["failedUsers"])) == ([], 1)
            assert state(place, tables) == before
            assert len(place.avow.messages()) == mails


def _refusal(do: Callable[[], object]) -> str:
    try:
        do()
    except AvowError as error:
        return error.error_code
    return ""


LOOK_ALIKES = {
    "full-width letter": ("admin@example.com", "\uff41dmin@example.com"),
    "Cyrillic letter": ("admin@example.com", "\u0430dmin@example.com"),
    "dotless i": ("mike@example.com", "m\u0131ke@example.com"),
    "capital dotted I": ("mike@example.com", "m\u0130ke@example.com"),
    "ligature": ("fine@example.com", "\ufb01ne@example.com"),
    "sharp s": ("strasse@example.com", "stra\u00dfe@example.com"),
    "capital sharp s": ("strasse2@example.com", "stra\u1e9ee2@example.com"),
    "long s": ("sam@example.com", "\u017fam@example.com"),
    "Greek letter": ("oto@example.com", "\u03bft\u03bf@example.com"),
    "mathematical letter": ("bob@example.com", "\U0001d41bob@example.com"),
    "circled letter": ("carol@example.com", "\u24d2arol@example.com"),
    "accent": ("jose@example.com", "jos\u00e9@example.com"),
    "domain with a look-alike": ("dan@example.com", "dan@ex\u0430mple.com"),
    "domain with sharp s": ("eva@strasse.test", "eva@stra\u00dfe.test"),
    "domain with a dotless i": ("ina@mike.test", "ina@m\u0131ke.test"),
}
REFUSED = {
    "zero-width space": "mike\u200b@example.com",
    "zero-width joiner": "mi\u200dke@example.com",
    "word joiner": "mike\u2060@example.com",
    "byte order mark": "\ufeffmike@example.com",
    "right-to-left override": "mike\u202e@example.com",
    "soft hyphen": "mi\u00adke@example.com",
    "Hangul filler": "mike\u3164@example.com",
    "variation selector": "mike\ufe0f@example.com",
    "tag letter": "mike\U000e0061@example.com",
    "private use": "mike\ue000@example.com",
    "Kelvin sign": "mi\u212ae@example.com",
    "full-width domain": "mike@\uff45xample.com",
    "zero-width space in the domain": "mike@exam\u200bple.com",
}


def test_s_idn_05_look_alikes(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: place.sign_in())
    for what, (plain, typed) in LOOK_ALIKES.items():
        for login_id, other in ((plain, typed), (typed, plain)):
            with case.cell(f"{what}: {login_id!a} is not {other!a}"):
                project = in_process(place.avow.server)
                victim = make_user(project.avow, login_id)
                before, mails = state(project), len(project.avow.messages())
                answer = _start(project, "otp/signin/email", other)
                assert_refused(answer, 400, 401)
                answer = _start(project, "otp/signup-in/email", other)
                assert answer.status in (200, 400)
                letters = project.avow.messages()[: len(project.avow.messages()) - mails]
                assert [letter.to for letter in letters] == [other] * (answer.status == 200)
                if answer.status == 200:
                    assert _prove(project, other, other, answer) != victim
                assert before["users"][0] in state(project)["users"]
    for what, spelling in REFUSED.items():
        before = state(place, STARTED)
        for path in STARTS:
            with case.cell(f"{what}, {path}"):
                assert_refused(_start(place, path, spelling), 400)
        with case.cell(f"{what}, in a name to sign in with"):
            name = spelling.partition("@")[0] + "\u200b"
            assert_refused(_start(place, "otp/signup/email", name, email=new_email()), 400)
        with case.cell(f"{what}, nothing stored"):
            assert state(place, STARTED) == before
    with case.cell("composed and decomposed are one account"):
        composed = f"jos\u00e9-{new_email()}"
        decomposed = unicodedata.normalize("NFD", composed)
        assert composed != decomposed
        owner = make_user(place.avow, composed)
        assert_refused(_start(place, "otp/signup/email", decomposed), 400, code="E062107")
        answer = _start(place, "otp/signin/email", decomposed)
        assert _prove(place, composed, decomposed, answer) == owner
    with case.cell("the letter goes to the stored spelling, not to the typed one"):
        stored = f"Mia-{new_email()}"
        owner = make_user(place.avow, stored)
        mails = len(place.avow.messages())
        assert _start(place, "magiclink/signin/email", stored.upper()).status == 200
        assert [letter.to for letter in place.avow.messages()[:-mails]] == [stored]


def test_s_idn_06_control_characters(case: Case, each_place: Place) -> None:
    place = each_place
    case.control(lambda: place.sign_in())
    odd = {
        "NUL": "a\0b",
        "escape": "a\x1bb",
        "line break": "a\r\nb",
        "lone surrogate": "a\ud800b",
        "line separator": "a\u2028b",
        "combining marks": "a" + "\u0301" * 10_000,
        "a few combining marks": "a" + "\u0301" * 100,
        "noncharacter": "a\uffffb",
    }
    fields: dict[str, Callable[[str], dict[str, object]]] = {
        "loginId": lambda text: {"loginId": text, "email": new_email()},
        "loginId of an address": lambda text: {"loginId": f"{text}@example.com"},
        "domain": lambda text: {"loginId": f"mia@{text}.com"},
        "email": lambda text: {"loginId": new_email(), "email": f"{text}@example.com"},
        "user.email": lambda text: {"loginId": new_email(), "user": {"email": f"{text}@example.com"}},
        "phone beside": lambda text: {"loginId": new_email(), "user": {"phone": f"+1202{text}5551234"}},
    }
    kept = ("name", "givenName", "middleName", "familyName")
    for what, text in odd.items():
        for name, body in fields.items():
            with case.cell(f"{name}, {what}"):
                mails, before = len(place.avow.messages()), state(place, STARTED)
                answer = place.api.post("/v1/auth/otp/signup/email", body=body(text))
                if what == "a few combining marks" and answer.status == 200:
                    continue  # letters like any other
                assert_refused(answer, 400)
                assert answer.body["errorCode"].startswith("E0110")
                assert state(place, STARTED) == before
                assert len(place.avow.messages()) == mails
        for name in kept:
            with case.cell(f"user.{name}, {what}"):
                _assert_refused_or_kept(place, name, text)
        with case.cell(f"customClaims, {what}"):
            login_id = new_email()
            options = {"customClaims": {"colour": text, text[:40]: 1}}
            answer = _start(place, "otp/signup/email", login_id, loginOptions=options)
            if answer.status != 200:
                assert_refused(answer, 400)
            else:
                assert place.verify_code(login_id, place.avow.code(login_id)).status == 200
        with case.cell(f"name of a tenant, {what}"):
            if what not in ("NUL", "lone surrogate"):  # what no request can carry, see above
                assert make_tenant(place.avow, text[:200])
        with case.cell(f"query, {what}"):
            quoted = "%00" if what == "NUL" else "%ED%A0%80" if what == "lone surrogate" else "%1B%0D%0A"
            answer = place.api.get(f"/login/{place.avow.project_id}?loginId=a{quoted}b")
            assert answer.status in (200, 400)


def _assert_refused_or_kept(place: Place, name: str, text: str) -> None:
    login_id, before = new_email(), state(place, STARTED)
    answer = _start(place, "otp/signup/email", login_id, user={name: text})
    if answer.status == 200:
        shown = place.verify_code(login_id, place.avow.code(login_id))
        assert shown.status == 200
        assert shown.body["user"][name] == text
        return
    assert_refused(answer, 400)
    assert state(place, STARTED) == before


@pytest.fixture
def post(make_server: Callable[..., Server], smtp_sink: SmtpSink) -> Iterator["Post"]:
    """Give a project whose mails go to a real mail server: those of the other courier stay where they are."""
    server = make_server()
    url = server.site.settings.database_url
    mailing = build(_with_mail(url, smtp_sink), clock=server.clock, durable=False)
    yield Post(in_process(server), mailing.courier, smtp_sink)
    mailing.close()


def test_s_idn_08_one_recipient(case: Case, post: "Post") -> None:
    case.control(lambda: post.letter_to(new_email()))
    for address in ADDRESSES:
        for name in ("loginId", "email", "user.email"):
            with case.cell(f"{name} {address!r}"):
                post.assert_refused("/v1/auth/otp/signup/email", post.sign_up(name, address))
    with case.cell("a domain beyond ASCII"):
        letter = post.letter_to("mia@b\u00fccher.test")
        assert letter.recipients == ("mia@xn--bcher-kva.test",)
    login_id = new_email()
    person = post.place.open_session(make_user(post.place.avow, login_id), login_id=login_id)
    for address in ADDRESSES:
        with case.cell(f"a change of address to {address!r}"):
            body = {"loginId": login_id, "email": address}
            post.assert_refused("/v1/auth/otp/update/email", body, person.refresh_jwt)


ADDRESSES = (
    "a@x.test,b@evil.test",
    "a@x.test;b@evil.test",
    "a@x.test b@evil.test",
    "a@x.test\r\nBcc: b@evil.test",
    "a@x.test\nBcc: b@evil.test",
    "a@x.test\u2028Bcc: b@evil.test",
    '"a@x.test" <b@evil.test>',
    "A <b@evil.test>",
    "<b@evil.test>",
    "a@x.test@evil.test",
    "a@x.test%0aCc:b@evil.test",
    "a@[127.0.0.1]",
    '"a b"@evil.test',
    "a(comment)@evil.test",
    "a@evil.test(comment)",
    "undisclosed-recipients:;",
    "group:a@x.test,b@evil.test;",
    "=?utf-8?q?a=40x.test=2C?= b@evil.test",
    "=?utf-8?q?a=0d=0aBcc=3a_b=40evil.test?=@x.test",
    "@relay.test:a@evil.test",
    "a@evil.test>\r\nDATA",
    "a@evil.test SIZE=1",
)


@dataclass(frozen=True)
class Post:
    """A project whose mails go to a real mail server."""

    place: Place
    courier: Courier
    sink: SmtpSink

    def letter_to(self, address: str) -> Mail:
        """Have a code sent to an address, and return the one letter that came of it."""
        before = len(self.sink.mails)
        assert _start(self.place, "otp/signup-in/email", address).status == 200
        self.courier.run_once()
        [letter] = self.sink.mails[before:]
        _assert_plain(letter)
        return letter

    def sign_up(self, name: str, address: str) -> dict[str, object]:
        """Return the body of a sign-up that names an address in one of the fields."""
        body: dict[str, object] = {"loginId": new_email()}
        return body | ({"user": {"email": address}} if name == "user.email" else {name: address})

    def assert_refused(self, path: str, body: Mapping[str, object], token: str = "") -> None:
        """Assert that the request is refused, and that nothing is stored or mailed."""
        mails, before = len(self.sink.mails), state(self.place, STARTED)
        answer = self.place.api.post(path, token, body)
        self.courier.run_once()
        assert_refused(answer, 400)
        assert answer.body["errorCode"].startswith("E0110")
        assert len(self.sink.mails) == mails
        assert state(self.place, STARTED) == before


def _assert_plain(letter: Mail) -> None:
    """Assert that a letter has the headers it must have, each once, and one recipient."""
    names = [name.lower() for name in letter.content]
    assert len(names) == len(set(names))
    assert not {"bcc", "cc", "reply-to", "sender"} & set(names)
    assert len(letter.recipients) == 1
    assert str(letter.content["To"]) == letter.recipients[0]


def _with_mail(url: str, sink: SmtpSink) -> Settings:
    return Settings(
        database_url=url,
        secret_key=SECRET_KEY,
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security="none",
        mail_from="Avow <no-reply@example.com>",
    )
