"""`python -m examples.django_oidc`: starts a provider, this application and its API server beside one another."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import uvicorn
from django.core.management import call_command

from examples.avow_dev import demand_port, running
from examples.django_oidc.provider import ROLE, Registered, register

_NAMES = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_AUDIENCE")
_SAID = """\
Open {url}

  Provider  {issuer}
  API       {api}
{more}
Ctrl-C stops all; everything is kept in {data}.
"""
_OF_AVOW = """\
  Inbox     {inbox}

Sign up or log in there with any e-mail address: the code arrives in the inbox.
Admin messages: avow user add-role ADDRESS {role} --data {data}
"""
_OF_OTHERS = """
Register there: callback {url}/callback, log-out {url}.
"""


def main() -> None:
    """Start all; Ctrl-C ends all."""
    parser = argparse.ArgumentParser(prog="python -m examples.django_oidc", description=__doc__)
    parser.add_argument("--port", type=int, default=4040, help="port of the application")
    parser.add_argument("--api-port", type=int, default=6060, help="port of the API server")
    parser.add_argument("--avow-port", type=int, default=8000, help="port of Avow")
    parser.add_argument("--data", default=".avow", help="folder in which all keep their data")
    parser.add_argument("--env", default=".env", help="file with the lines NAME=VALUE of another provider (README.md)")
    chosen = parser.parse_args()
    _read(Path(chosen.env))
    for port in (chosen.port, chosen.api_port):
        demand_port(port)
    url = f"http://localhost:{chosen.port}"
    with _provider(url, chosen.data, chosen.avow_port) as (known, more), _api(known, chosen.api_port) as api:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="examples.django_oidc.settings",
            API_SERVER_URL=api,
            EXAMPLE_DATA=chosen.data,
            **dict(zip(_NAMES, (known.issuer, known.client_id, known.client_secret, known.audience), strict=True)),
        )
        said = _SAID.format(url=url, issuer=known.issuer, api=api, more=more, data=chosen.data)
        _serve(chosen.port, chosen.data, said)


@contextlib.contextmanager
def _provider(url: str, data: str, port: int) -> Iterator[tuple[Registered, str]]:
    """Give what the provider knows of us, and what to say of it: an Avow, unless the environment names another one."""
    found = [os.environ.get(name, "") for name in _NAMES]
    if all(found):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the API server ends with us
        yield Registered(*found), _OF_OTHERS.format(url=url)
        return
    if any(found):
        missing = [name for name, value in zip(_NAMES, found, strict=True) if not value]
        sys.exit(f"Set {', '.join(missing)} too, or none of them: examples/django_oidc/README.md says what they are.")
    with running(data, port) as avow:
        yield register(avow, url), _OF_AVOW.format(inbox=avow.inbox_url, role=ROLE, data=data)


@contextlib.contextmanager
def _api(known: Registered, port: int) -> Iterator[str]:
    """Run the API server; give its address."""
    words = ["--port", str(port), "--issuer", known.issuer, "--audience", known.audience]
    process = subprocess.Popen([sys.executable, "-m", "examples.django_oidc.api", *words])
    try:
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _serve(port: int, data: str, said: str) -> None:
    Path(data).mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0)
    (Path(data) / "django-oidc-example.sqlite3").chmod(0o600)  # it holds addresses
    print(said, flush=True)
    uvicorn.run("examples.django_oidc.asgi:application", host="127.0.0.1", port=port, log_level="warning")


def _read(file: Path) -> None:
    """Take what a file says that the environment does not."""
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        name, found, value = line.partition("=")
        if found and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


main()
