"""`python -m examples.django_oidc`: starts this application and its API server, for a provider that runs already."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import django
import uvicorn
from django.core.management import call_command

from examples.avow_dev import demand_port

_NEEDED = ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE")
_SAID = """\
Open {url}

  Provider  https://{domain}/
  API       {api}

Register there: callback {url}/callback, log-out {url}. Ctrl-C stops both; everything is kept in {data}.
"""


def main() -> None:
    """Start both; Ctrl-C ends both."""
    parser = argparse.ArgumentParser(prog="python -m examples.django_oidc", description=__doc__)
    parser.add_argument("--port", type=int, default=4040, help="port of the application")
    parser.add_argument("--api-port", type=int, default=6060, help="port of the API server")
    parser.add_argument("--data", default=".avow", help="folder in which the application keeps its data")
    parser.add_argument("--env", default=".env", help="file with the lines NAME=VALUE that README.md names")
    chosen = parser.parse_args()
    _read(Path(chosen.env))
    if missing := [name for name in _NEEDED if not os.environ.get(name)]:
        sys.exit(f"Set {', '.join(missing)}, or write them into {chosen.env}: examples/django_oidc/README.md says how.")
    for port in (chosen.port, chosen.api_port):
        demand_port(port)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="examples.django_oidc.settings",
        API_SERVER_URL=f"http://localhost:{chosen.api_port}",
        EXAMPLE_DATA=chosen.data,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the API server ends with us
    api = subprocess.Popen([sys.executable, "-m", "examples.django_oidc.api", "--port", str(chosen.api_port)])
    try:
        _serve(chosen.port, chosen.data)
    finally:
        api.terminate()
        api.wait(10)


def _serve(port: int, data: str) -> None:
    Path(data).mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0)
    (Path(data) / "django-oidc-example.sqlite3").chmod(0o600)  # it holds addresses
    url, api = f"http://localhost:{port}", os.environ["API_SERVER_URL"]
    print(_SAID.format(url=url, api=api, domain=os.environ["AUTH0_DOMAIN"], data=data), flush=True)
    uvicorn.run("examples.django_oidc.asgi:application", host="127.0.0.1", port=port, log_level="warning")


def _read(file: Path) -> None:
    """Take what a file says that the environment does not."""
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        name, found, value = line.partition("=")
        if found and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


main()
