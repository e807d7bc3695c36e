"""Customers who sign in by code, refresh and are managed all the time, and what the servers acknowledged to them."""

import itertools
import re
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bed.smtp import SmtpSink
from tests.security.calls import LOST, Answer, Api, Wish, assert_refused
from tests.security.place import Person, person_of

__all__ = ["Asked", "Customer", "Customers", "Letters"]

_PAUSE_SECONDS = 0.03
_LETTER_SECONDS = 90  # a letter that a server had taken when it ended is carried by another one, later
_CODE = re.compile(r"\b\d{6}\b")
_STORES = {"x-avow-stores-rotated-tokens": "1"}


@dataclass(slots=True)
class Customer:
    """A customer, and what the servers acknowledged; what came of a request without an answer nobody knows.

    Attributes:
        login_id: An imported user.
        name: As it was imported, or changed last; None when nobody knows.
        open: The newest refresh token of each session.
        ended: Refresh tokens of sessions that were signed out.
        read: Ids of the letters that were read; a letter that is sent twice keeps its id.
        used_code: The last one that signed the customer in.
    """

    login_id: str
    name: str | None = "Jane"
    open: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    used_code: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what it was about, its status (0 when no answer came), and how long it took."""

    kind: str
    status: int
    seconds: float
    detail: str


class Letters:
    """The codes in the mails that a sink took; any thread may read."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._guard = threading.Lock()
        self._read = 0
        self._codes: dict[str, dict[str, str]] = defaultdict(dict)

    def put_away(self, customer: Customer) -> None:
        """Take what has come for read: a code that nobody waited for."""
        customer.read.update(self._of(customer.login_id))

    def code(self, customer: Customer) -> str:
        """Wait for a letter that the customer has not read, and return its code."""
        until = time.monotonic() + _LETTER_SECONDS
        while True:
            letters = self._of(customer.login_id)
            if fresh := [each for each in letters if each not in customer.read]:
                customer.read.update(fresh)
                return letters[fresh[-1]]
            assert time.monotonic() < until, f"the letter does not arrive; there are {letters}"
            time.sleep(_PAUSE_SECONDS)

    def _of(self, login_id: str) -> dict[str, str]:
        """Return the codes to an address, by the ids of their letters, oldest first."""
        with self._guard:
            while self._read < len(self._sink.mails):
                mail = self._sink.mails[self._read]
                self._read += 1
                found = _CODE.search(mail.text)
                assert found, mail.text
                self._codes[mail.recipients[0]].setdefault(str(mail.content["Message-ID"]), found[0])
            return dict(self._codes[login_id])


class Customers:
    """Does what customers do, each client for customers of its own.

    Attributes:
        asked: Every request, in the order of the answers.
    """

    def __init__(self, api: Api, management_key: str, letters: Letters, login_ids: Sequence[str], clients: int) -> None:
        self._api = api
        self._key = management_key
        self._letters = letters
        self._of_client = [[Customer(each) for each in login_ids[number::clients]] for number in range(clients)]
        self._turns = [itertools.count() for _ in range(clients)]
        self.asked: list[Asked] = []

    def step(self, number: int) -> None:
        """Sign one customer in, and do what follows a sign-in; what is refused or lost is noted."""
        mine, turn = self._of_client[number], next(self._turns[number])
        customer = mine[turn % len(mine)]
        self._sign_in(customer)
        for _ in range(3):
            if customer.open:
                self._ask("me", self._api.wish("GET", "/v1/auth/me", customer.open[-1]))
                self._refresh(customer)
            self._ask("load", self._api.wish("GET", f"/v1/mgmt/user?loginId={customer.login_id}", self._key))
        self._rename(customer, f"Name {number}-{turn}")
        if len(customer.open) > 1:
            self._sign_out(customer)

    def sign_in(self, customer: Customer, start: Api, verify: Api) -> Person:
        """Sign somebody in, outside the load: the code is sent by one server and verified by another."""
        path, sent = "/v1/auth/otp/{}/email", {"loginId": customer.login_id}
        started = start.post(path.format("signin"), body=sent)
        assert started.status == 200, started.content
        sent["code"] = self._letters.code(customer)
        return person_of(customer.login_id, verify.post(path.format("verify"), body=sent, headers=_STORES))

    def assert_kept(self) -> None:
        """Assert that whatever was acknowledged is so."""
        for customer in itertools.chain(*self._of_client):
            user = self._api.get(f"/v1/mgmt/user?loginId={customer.login_id}", self._key).body["user"]
            assert customer.name in (None, user["name"]), (
                f"{customer.login_id} is named {user['name']}, not {customer.name}"
            )
            for token in customer.open:
                for answer in (self._api.me(token), self._api.refresh(token)):
                    assert answer.status == 200, answer.content
            for token in customer.ended:
                assert_refused(self._api.refresh(token))
            if customer.used_code:
                sent = {"loginId": customer.login_id, "code": customer.used_code}
                assert_refused(self._api.post("/v1/auth/otp/verify/email", body=sent))

    @property
    def errors(self) -> list[Asked]:
        """Return the requests that were refused or lost."""
        return [asked for asked in self.asked if asked.status != 200]

    @property
    def longest(self) -> Asked:
        """Return the request that took longest."""
        return max(self.asked, key=lambda asked: asked.seconds)

    def _sign_in(self, customer: Customer) -> None:
        start = self._api.wish("POST", "/v1/auth/otp/signin/email", body={"loginId": customer.login_id})
        self._letters.put_away(customer)
        if self._ask("start", start) is None:
            return
        sent = {"loginId": customer.login_id, "code": self._letters.code(customer)}
        verify = self._api.wish("POST", "/v1/auth/otp/verify/email", body=sent, headers=_STORES)
        if (answer := self._ask("verify", verify)) is not None:
            customer.open.append(answer.body["refreshJwt"])
            customer.used_code = sent["code"]

    def _refresh(self, customer: Customer) -> None:
        answer = self._ask("refresh", self._api.wish("POST", "/v1/auth/refresh", customer.open.pop()))
        if answer is not None:
            customer.open.append(answer.body["refreshJwt"])

    def _rename(self, customer: Customer, name: str) -> None:
        sent = {"loginId": customer.login_id, "displayName": name}
        wish = self._api.wish("POST", "/v1/mgmt/user/update/name", self._key, sent)
        customer.name = name if self._ask("rename", wish) is not None else None

    def _sign_out(self, customer: Customer) -> None:
        token = customer.open.pop(0)
        if self._ask("logout", self._api.wish("POST", "/v1/auth/logout", token)) is not None:
            customer.ended.append(token)

    def _ask(self, kind: str, wish: Wish) -> Answer | None:
        """Send a request and note it; None when it was refused or lost."""
        begun = time.monotonic()
        try:
            answer = self._api.carrier.send(wish)
        except LOST as lost:
            notes = "; ".join(getattr(lost, "__notes__", ()))
            self.asked.append(Asked(kind, 0, time.monotonic() - begun, f"{lost!r} {notes}"))
            return None
        detail = "" if answer.status == 200 else answer.content[:200].decode(errors="replace")
        self.asked.append(Asked(kind, answer.status, time.monotonic() - begun, detail))
        time.sleep(_PAUSE_SECONDS)
        return answer if answer.status == 200 else None
