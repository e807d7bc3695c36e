"""Refreshes, sign-ins and `me` per second and CPU per request, beside the npm peers, on SQLite and PostgreSQL.

Every refresh rotates and is durable; oidc-provider keeps everything in memory and rotates nothing. The servers stay on
one core, and what loads them on the others. A round runs every candidate once, each round starting with another one;
ratios are taken round by round.
"""

import http.client
import json
import statistics
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Set
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from avow.clock import system_clock
from avow.core import addresses, totp
from avow.core.passwords import hashed
from avow.core.tokens import sign
from avow.core.vault import Vault
from avow.server.challenges import actions as challenges
from avow.server.keys import actions as keys
from avow.server.keys.directory import load as load_project
from avow.server.passwords import actions as passwords
from avow.server.projects import actions as projects
from avow.server.proofs import actions as proofs
from avow.server.proofs.binding import Binding
from avow.server.serving import Client, Issued
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening
from avow.server.settings import Settings
from avow.server.store import Store, Tx, create, open_store
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from bench.load import Load, Process, load, node_peers, one_core, running
from bench.passkeys import begin_sign_ins
from bench.served import SECRET_KEY

_ROUNDS = 3
_REFRESH_ROUNDS = 9  # quickly prepared, and beside a peer that spreads widely
_SECONDS = 1
_PEOPLE = 1000
_SESSIONS = 3000  # of one round, more than it uses up: each is refreshed once
_CODES = 4000  # of one round, more than it uses up
_CODE = "424242"
_PASSWORD = "correct horse battery"
_SEED = """
    INSERT INTO totp_seeds (project_id, user_id, sealed_seed, created_at)
    VALUES (:project_id, :user_id, :sealed, :now)
"""
_AGE = "UPDATE sessions SET rotated_at = rotated_at - 60 WHERE project_id = :project_id"
_OUT_OF_THE_WAY = {
    "rotation": "always",
    "rotation_grace_seconds": 5,
    "requests_per_minute": 10**9,
    "project_requests_per_minute": 10**9,
    "login_id_requests_per_minute": 10**9,
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of request to one server; `script` is asked for anew before each of its rounds."""

    name: str
    server: Process
    script: Callable[[], str]
    rounds: int = _ROUNDS


class Bench:
    """A prepared project in a database that a server process serves."""

    def __init__(self, database_url: str) -> None:
        self.settings = Settings(database_url=database_url, secret_key=SECRET_KEY)
        create(database_url)
        self.store: Store = open_store(database_url, vault=Vault.from_text(SECRET_KEY), clock=system_clock)
        self.project_id = projects.new_id(system_clock())
        self.store.run(self.project_id, self._found)
        self._names = [f"mia-{number}@example.com" for number in range(_PEOPLE)]
        self.people = self.store.run(self.project_id, lambda tx: [self._user(tx, name) for name in self._names])
        self._round = 0

    def refresh_of_others(self) -> str:
        """Open sessions that are old enough to rotate; the server has not seen their tokens before."""
        bearers: list[str] = []
        for _ in range(0, _SESSIONS, 500):
            bearers += self.store.run(self.project_id, lambda tx: self._sessions(tx, 500))
        return _each("POST", "/v1/auth/refresh", bearers)

    def refresh(self, server: Process) -> str:
        """Open sessions, have the server sign their tokens, and let them grow old enough to rotate."""
        bearers: list[str] = []
        for _ in range(0, _SESSIONS, 500):
            bearers += self.store.run(self.project_id, lambda tx: self._sessions(tx, 500))
        signed = _refreshed(server, bearers)
        self.store.run(self.project_id, lambda tx: tx.run(_AGE))
        return _each("POST", "/v1/auth/refresh", [f"Bearer {self.project_id}:{token}" for token in signed])

    def sign_in(self) -> str:
        """Give everybody a password and return a script that signs one after the other in."""
        encoded = hashed(_PASSWORD)

        def put(tx: Tx) -> None:
            for user_id in self.people:
                passwords.insert(tx, user_id, encoded)

        self.store.run(self.project_id, put)
        bodies = [json.dumps({"loginId": name, "password": _PASSWORD}) for name in self._names]
        return _bodies("/v1/auth/password/signin", f"Bearer {self.project_id}", bodies)

    def me(self) -> str:
        """Return a script that asks for one of a hundred users in turn."""
        bearers = self.store.run(self.project_id, lambda tx: self._sessions(tx, 100))
        return _each("GET", "/v1/auth/me", bearers)

    def verify(self) -> str:
        """Put a fresh code for new users and return a script that takes each once."""
        names = self.new_names(_CODES)
        for start in range(0, _CODES, 500):
            self.store.run(self.project_id, lambda tx, start=start: self.put_codes(tx, names[start : start + 500]))
        bodies = [json.dumps({"loginId": name, "code": _CODE}) for name in names]
        return _bodies("/v1/auth/otp/verify/email", f"Bearer {self.project_id}", bodies)

    def verify_app(self) -> str:
        """Give new users an app and return a script that takes the present code of each once."""
        self._round += 1
        names = [f"app-{self._round}-{number}@example.com" for number in range(_CODES)]
        codes: list[str] = []
        for start in range(0, _CODES, 500):
            codes += self.store.run(self.project_id, lambda tx, start=start: self._apps(tx, names[start : start + 500]))
        bodies = [json.dumps({"loginId": name, "code": code}) for name, code in zip(names, codes, strict=True)]
        return _bodies("/v1/auth/totp/verify", f"Bearer {self.project_id}", bodies)

    def show_passkey(self) -> str:
        """Give new users a passkey and return a script that finishes a sign-in of each."""
        self._round += 1
        names = [f"passkey-{self._round}-{number}@example.com" for number in range(_CODES)]
        bodies: list[str] = []
        for start in range(0, _CODES, 500):
            some = names[start : start + 500]
            bodies += self.store.run(self.project_id, lambda tx, some=some: self._holders(tx, some))
        return _bodies("/v1/auth/webauthn/signin/finish", f"Bearer {self.project_id}", bodies)

    def new_names(self, count: int) -> list[str]:
        """Return addresses of people that nobody has seen."""
        self._round += 1
        return [f"new-{self._round}-{number}@example.com" for number in range(count)]

    def _found(self, tx: Tx) -> None:
        projects.create(tx, "Bench")
        keys.create_set(tx, keys.SESSION, "ES256")
        projects.change_settings(tx, _OUT_OF_THE_WAY, actor="bench")

    def _user(self, tx: Tx, address: str) -> str:
        login_id = addresses.login_id(address)
        return users.create(tx, NewUser(login_id=login_id, email=address, is_email_verified=True, name="Mia"))

    def _sessions(self, tx: Tx, count: int) -> list[str]:
        """Open sessions a minute ago; return their refresh tokens as Authorization headers."""
        project = load_project(tx, self.settings)
        assert project is not None
        tx.now -= 60
        bearers = []
        for number in range(count):
            user_id = self.people[number % _PEOPLE]
            issued = sessions.open_session(tx, project, Client("127.0.0.1"), user_id, Opening(("email",)))
            assert isinstance(issued, Issued)
            bearers.append(f"Bearer {project.id}:{sign(issued.key, issued.claims.refresh_token())}")
        return bearers

    def put_codes(self, tx: Tx, names: list[str]) -> None:
        """Put a code for new users with these names."""
        for name in names:
            user_id = self._user(tx, name)
            binding = Binding(does="sign-in", method="email", address=name, folded=name, user_id=user_id)
            challenges.put(
                tx,
                purpose="otp",
                subject=user_id,
                secret=f"email:{_CODE}",
                binding=proofs.encoded(binding),
                attempts=5,
                lifetime_seconds=300,
            )

    def _holders(self, tx: Tx, names: list[str]) -> list[str]:
        """Insert users with a passkey each; return what finishes a sign-in of each."""
        return begin_sign_ins(tx, [self._user(tx, name) for name in names])

    def _apps(self, tx: Tx, names: list[str]) -> list[str]:
        """Insert users with a seed each; return the code of the next step, which counts for a minute and more."""
        codes = []
        for name in names:
            user_id, seed = self._user(tx, name), totp.new_seed()
            sealed = tx.vault.seal(seed, row=totp.sealed_row(tx.project_id, user_id))
            tx.run(_SEED, user_id=user_id, sealed=sealed)
            codes.append(totp.code_at(seed, totp.step_at(tx.now) + 1))
        return codes


def main(postgres_url: str = "") -> bool:
    """Measure and print; return whether the bars hold."""
    core, others = one_core()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        peers = node_peers()
        jobs = [
            *_avow(stack, "SQLite", f"sqlite:///{folder / 'bench.sqlite3'}", core),
            _oidc_provider(stack, peers, core),
            _better_auth(stack, peers, folder / "better-auth.sqlite3", core),
        ]
        if postgres_url:
            jobs += _avow(stack, "PostgreSQL", postgres_url, core, rounds=_ROUNDS)  # for information
        results = _measure(jobs, others)
    return _report(results)


def _avow(stack: ExitStack, name: str, database_url: str, core: Set[int], rounds: int = _REFRESH_ROUNDS) -> list[Job]:
    bench = Bench(database_url)
    stack.callback(bench.store.close)
    server = stack.enter_context(running([sys.executable, "-m", "bench.served", "{port}", database_url], cores=core))
    return [
        Job(f"Avow {name}: refresh", server, lambda: bench.refresh(server), rounds),
        Job(f"Avow {name}: refresh, token of another node", server, bench.refresh_of_others),
        Job(f"Avow {name}: OTP verify", server, bench.verify),
        Job(f"Avow {name}: TOTP verify", server, bench.verify_app),
        Job(f"Avow {name}: passkey verify", server, bench.show_passkey),
        Job(f"Avow {name}: me", server, bench.me),
    ]


def _oidc_provider(stack: ExitStack, peers: Path, core: Set[int]) -> Job:
    command, environment = ["node", "oidc_provider.mjs", "{port}"], {"NODE_ENV": "production"}
    server = stack.enter_context(running(command, folder=peers, environment=environment, cores=core))
    form = {
        "grant_type": "refresh_token",
        "refresh_token": asked(server, "GET", "/mint")[1],
        "client_id": "bench",
        "client_secret": "a-secret-of-the-benchmark-only",
    }
    body = urllib.parse.urlencode(form)
    assert asked(server, "POST", "/token", body, FORM)[0] == 200, "oidc-provider does not refresh"
    return Job(
        "oidc-provider (in memory): refresh", server, lambda: _one("POST", "/token", body, FORM), _REFRESH_ROUNDS
    )


def _better_auth(stack: ExitStack, peers: Path, file: Path, core: Set[int]) -> Job:
    command = ["node", "better_auth.mjs", "{port}", str(file)]
    environment = {"NODE_ENV": "production", "BETTER_AUTH_TELEMETRY": "0"}
    server = stack.enter_context(running(command, folder=peers, environment=environment, cores=core))
    headers = {**_JSON, "Origin": server.url}
    person = json.dumps({"email": "mia@example.com", "password": _PASSWORD, "name": "Mia"})
    asked(server, "POST", "/api/auth/sign-up/email", person, headers)
    _, _, cookie = asked(server, "POST", "/api/auth/sign-in/email", person, headers)
    session = {"Cookie": cookie.partition(";")[0]}
    assert "mia@example.com" in asked(server, "GET", "/api/auth/get-session", "", session)[1]
    return Job("better-auth: get-session", server, lambda: _one("GET", "/api/auth/get-session", "", session))


def _measure(jobs: list[Job], cores: Set[int]) -> dict[str, list[Load]]:
    """Load every server with each kind of request, once to warm up and then in rounds."""
    for job in jobs:
        load(job.server, job.script(), seconds=_SECONDS, cores=cores)
    results: dict[str, list[Load]] = {job.name: [] for job in jobs}
    for number in range(max(job.rounds for job in jobs)):
        start = number % len(jobs)
        for job in jobs[start:] + jobs[:start]:
            if number < job.rounds:
                results[job.name].append(load(job.server, job.script(), seconds=_SECONDS, cores=cores))
    return results


def _report(results: dict[str, list[Load]]) -> bool:
    rounds = f"{_ROUNDS} rounds of {_SECONDS} s, of refreshes {_REFRESH_ROUNDS}"
    print(f"\nServing, {rounds}, 16 connections, one process on one core")
    width = max(map(len, results))
    print(f"{'':<{width}}  {'per s':>8}  {'CPU us':>8}  {'p99 ms':>8}  refused")
    for name, loads in results.items():
        rates, cpu = [each.per_second for each in loads], [each.cpu_microseconds for each in loads]
        p99 = statistics.median(each.p99_ms for each in loads)
        refused = sum(each.refused for each in loads)
        print(f"{name:<{width}}  {statistics.median(rates):8.0f}  {statistics.median(cpu):8.0f}  {p99:8.1f}  {refused}")
    refresh, peer = results["Avow SQLite: refresh"], results["oidc-provider (in memory): refresh"]
    verify, verifying = results["Avow SQLite: OTP verify"], results["Avow SQLite: refresh, token of another node"]
    held = [
        bar("refresh per second / oidc-provider", refresh, peer, "per_second", at_least=1.5),
        bar("refresh CPU / oidc-provider", refresh, peer, "cpu_microseconds", at_most=0.7),
        bar("OTP verify CPU / refresh that verifies its token", verify, verifying, "cpu_microseconds", at_most=1.5),
        bar("OTP verify CPU / refresh of a remembered token", verify, refresh[:_ROUNDS], "cpu_microseconds"),
        bar(
            "TOTP verify CPU / refresh that verifies its token",
            results["Avow SQLite: TOTP verify"],
            verifying,
            "cpu_microseconds",
        ),
        bar(
            "passkey verify CPU / refresh that verifies its token",
            results["Avow SQLite: passkey verify"],
            verifying,
            "cpu_microseconds",
        ),
        bar(
            "me CPU / better-auth get-session",
            results["Avow SQLite: me"],
            results["better-auth: get-session"],
            "cpu_microseconds",
            at_most=0.2,
        ),
    ]
    return all(held) and not any(each.refused for loads in results.values() for each in loads)


def bar(
    title: str, mine: list[Load], theirs: list[Load], what: str, *, at_least: float = 0.0, at_most: float = float("inf")
) -> bool:
    """Print the ratio of two results, round by round, and whether it keeps to its bar."""
    ratios = sorted(getattr(a, what) / getattr(b, what) for a, b in zip(mine, theirs, strict=True))
    ratio = statistics.median(ratios)
    is_held = at_least <= ratio <= at_most
    limit = f"at least {at_least}" if at_least else f"at most {at_most}"
    verdict = "no bar" if limit == "at most inf" else f"{'within' if is_held else 'OVER'}: {limit}"
    print(f"{title}: {ratio:.2f} [{ratios[0]:.2f} .. {ratios[-1]:.2f}]  {verdict}")
    return is_held


def _refreshed(server: Process, bearers: list[str]) -> list[str]:
    """Refresh each session once and return the tokens that came back."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    tokens = []
    for bearer in bearers:
        connection.request("POST", "/v1/auth/refresh", "{}", {**_JSON, "Authorization": bearer})
        tokens.append(json.loads(connection.getresponse().read())["refreshJwt"])
    connection.close()
    return tokens


def asked(
    server: Process, verb: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Return status, body and cookie of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(verb, path, body or None, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.getheader("set-cookie") or ""


def _one(verb: str, path: str, body: str, headers: dict[str, str]) -> str:
    return f"request = function() return wrk.format('{verb}', '{path}', {table(headers)}, [==[{body}]==]) end"


def _each(verb: str, path: str, bearers: list[str]) -> str:
    return (
        f"local all = {{{','.join(f'[==[{each}]==]' for each in bearers)}}}\nlocal n = 0\n"
        f"request = function() n = n % #all + 1\n"
        f"return wrk.format('{verb}', '{path}', {{Authorization = all[n], ['Content-Type'] = 'application/json'}}, "
        f"'{'{}' if verb == 'POST' else ''}') end"
    )


def _bodies(path: str, bearer: str, bodies: list[str]) -> str:
    return (
        f"local all = {{{','.join(f'[==[{each}]==]' for each in bodies)}}}\nlocal n = 0\n"
        f"local headers = {table({**_JSON, 'Authorization': bearer})}\n"
        f"request = function() n = n % #all + 1\nreturn wrk.format('POST', '{path}', headers, all[n]) end"
    )


def table(headers: dict[str, str]) -> str:
    """Return headers as a table of Lua."""
    return "{" + ", ".join(f"['{name}'] = [==[{value}]==]" for name, value in headers.items()) + "}"


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
