"""The OpenID provider beside npm oidc-provider on the same core: tokens of machines, refreshes, and codes of browsers.

    python -m bench.oidc

Ours is durable, and every refresh rotates; theirs keeps all in memory, and rotates too. Both servers stay on one core,
and what loads them on the others. Both sign the same kinds of tokens (an access token by RFC 9068 for one API, and of
people an ID token with the claims of `profile` and `email`), and check the same secret, verifier and session.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from avow.clock import system_clock
from avow.core.oidc.pkce import challenge_of
from avow.core.vault import Vault
from avow.server.applications import actions as applications
from avow.server.applications import apis
from avow.server.keys import actions as keys
from avow.server.keys.directory import load as load_project
from avow.server.oidc import grants
from avow.server.oidc.grants import NewGrant, Redemption
from avow.server.oidc.rows import GrantRow
from avow.server.pages.cookies import Jar
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.store import Tx
from avow.wire.applications import ApiPermission, CreateApi, CreateApplication
from bench.load import Load, Process, load, node_peers, one_core, running
from bench.people import look_over
from bench.served import SECRET_KEY
from bench.serving import FORM, Bench, asked, bar, table

__all__ = ["main"]

_ROUNDS = 9
_CONNECTIONS = 64  # so that ours has something to do while it waits for the disk; theirs never does
_POSTGRES_ROUNDS = 3  # for information
_SECONDS = 1
_WARM_REQUESTS = 3000  # after so many of a kind a server is as fast as it gets: theirs is compiled while it runs
_WARM_LOADS = 8  # at most, of a second each
_BROWSERS = 100
_DISK_WRITES, _DISK_BYTES = 50, 65_536
_REFRESHES = 2500  # of one second, more than it uses up
_ALGORITHMS: tuple[Literal["ES256", "RS256"], ...] = ("ES256", "RS256")
_REDIRECT = "https://app.example.com/callback"
_SCOPE = "openid profile email api:read"
_SCOPE_OFFLINE = "openid profile email offline_access api:read"
_VERIFIER = "v" * 43
_PEER_SECRET = "a-secret-of-the-benchmark-only"
_PEER = "oidc-provider in memory"
_WORK = ("client_credentials ES256", "client_credentials RS256", "refresh ES256", "refresh RS256", "code ES256")
# Below it something else ran on the core: then rates say who was let in more often, and only the time of CPU counts.
_LEAST_USE = 0.9


@dataclass(frozen=True, slots=True)
class Party:
    """A provider as clients and browsers see it; the methods make scripts for the load.

    Attributes:
        name: For the report.
        server: Its process.
        authorize, token: Paths.
        secrets: Of the applications, by client id.
        client_ids: Of the applications, by algorithm.
        refresh_tokens: Makes so many for an application; each is taken once.
        cookies: Of browsers in which somebody has signed in.
        rounds: How often it is measured.
    """

    name: str
    server: Process
    authorize: str
    token: str
    secrets: dict[str, str]
    client_ids: dict[str, str]
    refresh_tokens: Callable[[str, int], list[str]]
    cookies: list[str]
    rounds: int = _ROUNDS

    def script(self, work: str, seconds: int) -> str:
        """Return a script for some work, with what it uses up."""
        kind, _, algorithm = work.partition(" ")
        if kind == "client_credentials":
            return self._one({"grant_type": kind, "scope": "api:read", "resource": f"urn:bench:{algorithm}"}, algorithm)
        if kind == "refresh":
            return self._refreshes(algorithm, _REFRESHES * seconds)
        return self._codes(algorithm)

    def _form(self, fields: dict[str, str], algorithm: str) -> str:
        client_id = self.client_ids[algorithm]
        return urlencode({**fields, "client_id": client_id, "client_secret": self.secrets[client_id]})

    def _one(self, fields: dict[str, str], algorithm: str) -> str:
        body = self._form(fields, algorithm)
        status, said, _ = asked(self.server, "POST", self.token, body, FORM)
        assert status == 200, (self.name, status, said)
        return f"request = function() return wrk.format('POST', '{self.token}', {table(FORM)}, [==[{body}]==]) end"

    def _refreshes(self, algorithm: str, count: int) -> str:
        body = self._form({"grant_type": "refresh_token"}, algorithm)
        tokens = ",".join(f"'{each}'" for each in self.refresh_tokens(algorithm, count))
        return (
            f"local all = {{{tokens}}}\nlocal n = 0\n"
            f"request = function() n = n % #all + 1\nreturn wrk.format('POST', '{self.token}', {table(FORM)}, "
            f"[==[{body}&refresh_token=]==] .. all[n]) end"
        )

    def _codes(self, algorithm: str) -> str:
        """Return a script that asks for a code as one browser after the other, and redeems each that comes back.

        An answer without a code is redeemed too, so that the refusal of it counts.
        """
        wish = {
            "client_id": self.client_ids[algorithm],
            "response_type": "code",
            "redirect_uri": _REDIRECT,
            "scope": _SCOPE,
            "resource": f"urn:bench:{algorithm}",
            "state": "a-state-of-twenty-two",
            "nonce": "a-nonce-of-twenty-two",
            "code_challenge": challenge_of(_VERIFIER),
            "code_challenge_method": "S256",
        }
        redeemed = {"grant_type": "authorization_code", "redirect_uri": _REDIRECT, "code_verifier": _VERIFIER}
        cookies = ",".join(f"[==[{each}]==]" for each in self.cookies)
        return (
            f"local cookies, codes, n = {{{cookies}}}, {{}}, 0\n"
            f"request = function()\n  local code = table.remove(codes)\n"
            f"  if code then return wrk.format('POST', '{self.token}', {table(FORM)}, "
            f"[==[{self._form(redeemed, algorithm)}&code=]==] .. code) end\n"
            f"  n = n % #cookies + 1\n"
            f"  return wrk.format('GET', [==[{self.authorize}?{urlencode(wish)}]==], {{Cookie = cookies[n]}})\nend\n"
            f"response = function(status, headers)\n  if status ~= 303 then return end\n"
            f"  local where = headers['location'] or headers['Location'] or ''\n"
            f"  codes[#codes + 1] = where:match('[?&]code=([^&]+)') or 'none'\nend"
        )


class OidcBench(Bench):
    """A project with applications, APIs and browsers in which somebody has signed in."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self.vault = Vault.from_text(SECRET_KEY)
        self.client_ids: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.store.run(self.project_id, self._applications)
        self.cookies: list[str] = self.store.run(self.project_id, self._cookies)

    def refresh_tokens(self, algorithm: str, count: int) -> list[str]:
        """Return refresh tokens of grants that are old enough to rotate."""
        made: list[str] = []
        for _ in range(0, count, 500):
            made += self.store.run(self.project_id, lambda tx: self._grants(tx, algorithm, 500))
        if self.store.url.startswith("postgres"):
            look_over(self.store.url)
        return made

    def _applications(self, tx: Tx) -> None:
        keys.insert_set(tx, keys.OIDC, keys.generate("RS256"))
        for algorithm in _ALGORITHMS:
            audience = f"urn:bench:{algorithm}"
            settings: dict[str, object] = {
                "redirectUris": [_REDIRECT],
                "grantTypes": ["authorization_code", "refresh_token", "client_credentials"],
                "idTokenAlgorithm": algorithm,
            }
            app = CreateApplication(name=algorithm, preset="regular-web", trusted=True, settings=settings)
            client_id, secret = applications.create(tx, app, is_open=False, actor="bench")
            permissions = (ApiPermission(name="api:read"),)
            api = CreateApi(identifier=audience, permissions=permissions, algorithm=algorithm, lifetime_seconds=600)
            apis.create(tx, api, actor="bench")
            applications.grant(tx, client_id, audience, ["api:read"], actor="bench")
            self.client_ids[algorithm], self.secrets[client_id] = client_id, secret

    def _cookies(self, tx: Tx) -> list[str]:
        """Sign people in on the pages of the server; return what their browsers send."""
        project = load_project(tx, self.settings)
        assert project is not None
        jar = Jar(self.settings, self.vault, system_clock)
        made = []
        for user_id in self.people[:_BROWSERS]:
            issued = sessions.open_session(tx, project, Client("127.0.0.1"), user_id, Opening(("email",)))
            assert isinstance(issued, Issued)
            self._claims = issued.claims
            held = [f"{each.name}={each.value}" for each in jar.keep_session(project, issued)]
            made.append("; ".join(held))
        return made

    def _grants(self, tx: Tx, algorithm: str, count: int) -> list[str]:
        """Begin grants a minute ago and redeem their codes; return their refresh tokens."""
        tx.now -= 60
        client_id, made = self.client_ids[algorithm], []
        for _ in range(count):
            code = grants.begin(tx, self._wish(tx, client_id, algorithm))
            row = grants.spend(tx, Redemption(application_id=client_id, code=code, redirect_uri=_REDIRECT))
            assert isinstance(row, GrantRow)
            made.append(grants.refresh_token(self.vault, self.project_id, row))
        return made

    def _wish(self, tx: Tx, client_id: str, algorithm: str) -> NewGrant:
        return NewGrant(
            application_id=client_id,
            user_id=self._claims.user_id,
            session_id=self._claims.session_id,
            issuer=f"{self.settings.public_url}/",
            scopes=_SCOPE_OFFLINE.split(),
            audience=[f"urn:bench:{algorithm}"],
            redirect_uri=_REDIRECT,
            expires_at=tx.now + 86_400,
            auth_time=tx.now,
            is_offline=True,
        )


def main(postgres_url: str = "") -> bool:
    """Measure and print; return whether the bars hold."""
    cores, others = one_core()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        parties = [
            _avow(stack, "Avow SQLite", f"sqlite:///{folder / 'oidc.sqlite3'}", cores),
            _peer(stack, cores),
        ]
        if postgres_url:
            parties.append(replace(_avow(stack, "Avow PostgreSQL", postgres_url, cores), rounds=_POSTGRES_ROUNDS))
        results = _measure(parties, others)
        memory = {party.name: party.server.resident_megabytes() for party in parties}
        print(f"\nThe disk takes {_disk_milliseconds(folder):.2f} ms for what a commit waits for.")
    return _report(results, memory)


def _avow(stack: ExitStack, name: str, database_url: str, cores: Set[int]) -> Party:
    bench = OidcBench(database_url)
    stack.callback(bench.store.close)
    server = stack.enter_context(running([sys.executable, "-m", "bench.served", "{port}", database_url], cores=cores))
    return Party(
        name,
        server,
        "/authorize",
        "/oauth/token",
        bench.secrets,
        bench.client_ids,
        bench.refresh_tokens,
        bench.cookies,
    )


def _peer(stack: ExitStack, cores: Set[int]) -> Party:
    command, environment = ["node", "oidc_provider_grants.mjs", "{port}"], {"NODE_ENV": "production"}
    server = stack.enter_context(running(command, folder=node_peers(), environment=environment, cores=cores))

    def made(path: str) -> list[str]:
        status, said, _ = asked(server, "GET", path)
        assert status == 200, said
        found: list[str] = json.loads(said)
        return found

    return Party(
        _PEER,
        server,
        "/auth",
        "/token",
        dict.fromkeys(_ALGORITHMS, _PEER_SECRET),
        {each: each for each in _ALGORITHMS},
        lambda algorithm, count: made(f"/refresh-tokens?client={algorithm}&count={count}"),
        made(f"/sessions?count={_BROWSERS}"),
    )


def _measure(parties: list[Party], cores: Set[int]) -> dict[tuple[str, str], list[Load]]:
    """Load every party with all work, once to warm up and then in rounds, each of which another one begins."""
    jobs = [(party, work) for work in _WORK for party in parties]
    for party, work in jobs:
        _warm(party, work, cores)
    results: dict[tuple[str, str], list[Load]] = {(party.name, work): [] for party, work in jobs}
    for number in range(_ROUNDS):
        print(f"round {number + 1} of {_ROUNDS}", file=sys.stderr, flush=True)
        start = number % len(jobs)
        for party, work in jobs[start:] + jobs[:start]:
            if number >= party.rounds:
                continue
            script = party.script(work, _SECONDS)
            found = load(party.server, script, seconds=_SECONDS, connections=_CONNECTIONS, cores=cores)
            results[party.name, work].append(_whole(found) if work.startswith("code") else found)
    return results


def _warm(party: Party, work: str, cores: Set[int]) -> None:
    answered = 0
    for _ in range(_WARM_LOADS):
        if answered < _WARM_REQUESTS:
            answered += load(
                party.server, party.script(work, 1), seconds=1, connections=_CONNECTIONS, cores=cores
            ).requests


def _whole(found: Load) -> Load:
    """Return a load of code flows: each is two requests."""
    return replace(
        found,
        requests=found.requests // 2,
        per_second=found.per_second / 2,
        cpu_microseconds=found.cpu_microseconds * 2,
    )


def _disk_milliseconds(folder: Path) -> float:
    """Return how long the disk takes to keep a few pages, median: the rates of ours depend on it."""
    times = []
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(_DISK_WRITES):
            file.write(bytes(_DISK_BYTES))
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _report(results: dict[tuple[str, str], list[Load]], memory: dict[str, float]) -> bool:
    print(f"\nOpenID provider, {_ROUNDS} rounds of {_SECONDS} s, {_CONNECTIONS} connections, one process on one core")
    print("A code is the request of a signed-in browser and the redemption, together; p99 is of single requests.")
    width = max(len(f"{name}: {work}") for name, work in results)
    print(f"{'':<{width}}  {'per s':>8}  {'CPU us':>8}  {'p99 ms':>8}  refused")
    for (name, work), loads in results.items():
        rate = statistics.median(each.per_second for each in loads)
        cpu = statistics.median(each.cpu_microseconds for each in loads)
        p99 = statistics.median(each.p99_ms for each in loads)
        refused = sum(each.refused for each in loads)
        print(f"{f'{name}: {work}':<{width}}  {rate:8.0f}  {cpu:8.0f}  {p99:8.1f}  {refused}")
    for name, megabytes in memory.items():
        print(f"{name}: {megabytes:.0f} MB resident at the end")
    held = []
    for work in _WORK:
        rounds = zip(results["Avow SQLite", work], results[_PEER, work], strict=True)
        whole = [(a, b) for a, b in rounds if a.requests and b.requests]  # not those in which one was never let in
        mine, theirs = [a for a, _ in whole], [b for _, b in whole]
        use = statistics.median(each.per_second * each.cpu_microseconds / 1e6 for each in theirs)
        least = 1.0 if use >= _LEAST_USE else 0.0
        title = f"{work} per second / {_PEER}, which had the core for {use:.0%} of the time"
        held.append(bar(title, mine, theirs, "per_second", at_least=least))
        held.append(bar(f"{work} CPU / {_PEER}", mine, theirs, "cpu_microseconds", at_most=1.0))
    return all(held) and not any(each.refused for loads in results.values() for each in loads)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
