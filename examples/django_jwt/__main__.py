"""`python -m examples.django_jwt`: serves the example over https, in one of the three modes."""

import argparse
import os
from pathlib import Path

import django
import uvicorn
from django.core.management import call_command

from avow.cli.certificates import local_tls
from examples.avow_dev import demand_port
from examples.django_jwt import people

_MODES = ("JSON", "ONE-COOKIE", "TWO-COOKIES")
_SAID = """\
Open https://localhost:{port} - tokens in mode {mode}

Browsers warn of the certificate unless they trust {authority}, which vouches for this machine alone.
Sign in as {people} with the password "{password}". Ctrl-C stops it.
"""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m examples.django_jwt", description=__doc__)
    parser.add_argument("--mode", choices=_MODES, default="TWO-COOKIES", help="where the tokens are")
    parser.add_argument("--port", type=int, default=8004, help="port of the application")
    parser.add_argument("--data", type=Path, default=Path(".avow"), help="folder of the database and the certificate")
    chosen = parser.parse_args()
    demand_port(chosen.port)
    chosen.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = local_tls(chosen.data / "tls")
    os.environ.update(
        DJANGO_SETTINGS_MODULE="examples.django_jwt.settings", EXAMPLE_MODE=chosen.mode, EXAMPLE_DATA=str(chosen.data)
    )
    django.setup()
    call_command("migrate", verbosity=0)
    (chosen.data / "django-jwt-example.sqlite3").chmod(0o600)  # it holds addresses
    people.make()
    names = " or ".join(people.PEOPLE)
    told = {"port": chosen.port, "mode": chosen.mode, "authority": files.authority}
    print(_SAID.format(**told, people=names, password=people.PASSWORD), flush=True)
    uvicorn.run(
        "examples.django_jwt.asgi:application",
        host="127.0.0.1",
        port=chosen.port,
        log_level="warning",
        ssl_certfile=files.certificate,
        ssl_keyfile=files.key,
    )


main()
