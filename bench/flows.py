"""Server time of flows: a start, the step that takes a code, and the screens, beside the plain verification of a code.

python -m bench.flows
"""

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from avow.server.flows import executions
from avow.server.flows.chosen import flow_named
from avow.server.flows.state import Sent, State
from avow.server.keys.directory import load as load_project
from avow.server.store import Tx
from bench.load import Load, Process, load, running
from bench.serving import Bench, Job, bar, table

__all__ = ["main"]

_ROUNDS = 3
_SECONDS = 2
_EXECUTIONS = 4000  # of one round, more than it uses up
_CODE = "424242"
_FLOW = "otp"
_START = {"flowId": _FLOW, "options": {"location": "https://app.example.com/"}, "interactionId": "", "input": {}}


class FlowBench(Bench):
    """A project with executions that wait for a code."""

    def start(self) -> str:
        """Return a script that begins a flow."""
        headers = table({"Authorization": f"Bearer {self.project_id}", "Content-Type": "application/json"})
        body = json.dumps(_START)
        path = "/v1/flow/start"
        return f"request = function() return wrk.format('POST', '{path}', {headers}, [==[{body}]==]) end"

    def take_code(self) -> str:
        """Return a script that brings one execution after the other to its end."""
        steps: list[tuple[str, str, str]] = []
        for _ in range(0, _EXECUTIONS, 500):
            steps += self._made(self.new_names(500))
        listed = ",".join(f"{{[==[{nonce}]==], [==[{body}]==]}}" for nonce, _, body in steps)
        bearer = f"Bearer {self.project_id}"
        return (
            f"local all = {{{listed}}}\nlocal n = 0\n"
            f"request = function() n = n % #all + 1\n"
            f"return wrk.format('POST', '/v1/flow/next', {{Authorization = '{bearer}', "
            f"['Content-Type'] = 'application/json', ['x-descope-flow-nonce'] = all[n][1]}}, all[n][2]) end"
        )

    def screen(self) -> str:
        """Return a script that fetches the screen of an execution."""
        [(_, screen_id, _)] = self._made(self.new_names(1))
        return f"request = function() return wrk.format('GET', '/pages/{self.project_id}/v2-beta/{screen_id}.html') end"

    def page(self) -> str:
        """Return a script that opens the hosted sign-in page."""
        headers = table({"Accept": "text/html", "Accept-Language": "en"})
        return f"request = function() return wrk.format('GET', '/login/{self.project_id}', {headers}) end"

    def _made(self, names: list[str]) -> list[tuple[str, str, str]]:
        self.store.run(self.project_id, lambda tx: self.put_codes(tx, names))
        return self.store.run(self.project_id, lambda tx: self._waiting(tx, names))

    def _waiting(self, tx: Tx, names: list[str]) -> list[tuple[str, str, str]]:
        """Begin executions that wait for a code; return nonce, screen and the body of the step that takes it."""
        project = load_project(tx, self.settings)
        assert project is not None
        flow = flow_named(tx, project, _FLOW)
        steps = []
        for name in names:
            state = State(locale="en", login_id=name, way="otp", sent=Sent(to="m***@example.com", at=tx.now))
            made = executions.begin(tx, project, flow, "code", state)
            body = {"executionId": made.wire_id, "stepId": "1", "interactionId": "verify", "input": {"code": _CODE}}
            steps.append((made.nonce, made.screen_id, json.dumps(body)))
        return steps


def main(postgres_url: str = "") -> bool:
    """Measure and print; return whether the bars hold."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        jobs = _jobs(stack, "SQLite", f"sqlite:///{folder / 'flows.sqlite3'}")
        jobs += _jobs(stack, "PostgreSQL", postgres_url) if postgres_url else []
        results: dict[str, list[Load]] = {job.name: [] for job in jobs}
        for number in range(_ROUNDS):
            start = number % len(jobs)
            for job in jobs[start:] + jobs[:start]:
                results[job.name].append(load(job.server, job.script(), seconds=_SECONDS))
    return _report(results)


def _jobs(stack: ExitStack, name: str, database_url: str) -> list[Job]:
    bench = FlowBench(database_url)
    stack.callback(bench.store.close)
    server: Process = stack.enter_context(running([sys.executable, "-m", "bench.served", "{port}", database_url]))
    return [
        Job(f"{name}: flow start", server, bench.start),
        Job(f"{name}: flow next that takes a code", server, bench.take_code),
        Job(f"{name}: screen of a component", server, bench.screen),
        Job(f"{name}: hosted sign-in page", server, bench.page),
        Job(f"{name}: OTP verify", server, bench.verify),
    ]


def _report(results: dict[str, list[Load]]) -> bool:
    print(f"\nFlows, {_ROUNDS} rounds of {_SECONDS} s, 16 connections, one process")
    width = max(map(len, results))
    print(f"{'':<{width}}  {'per s':>8}  {'CPU us':>8}  {'p99 ms':>8}  refused")
    for name, loads in results.items():
        middle = sorted(loads, key=lambda each: each.cpu_microseconds)[len(loads) // 2]
        took = f"{middle.per_second:8.0f}  {middle.cpu_microseconds:8.0f}  {middle.p99_ms:8.1f}"
        print(f"{name:<{width}}  {took}  {sum(each.refused for each in loads)}")
    plain = results["SQLite: OTP verify"]
    held = [
        bar(f"{what} CPU / OTP verify", results[f"SQLite: {what}"], plain, "cpu_microseconds", at_most=most)
        for what, most in _BARS.items()
    ]
    return all(held) and not any(each.refused for loads in results.values() for each in loads)


_BARS = {
    "flow start": 1.0,
    "flow next that takes a code": 2.0,
    "screen of a component": 0.9,
    "hosted sign-in page": 1.3,
}


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
