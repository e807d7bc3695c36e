"""`python -m examples.django`: starts an Avow and this application beside it."""

import argparse
import os
from pathlib import Path

import django
import uvicorn
from django.core.management import call_command

from avow import Client
from examples.avow_dev import Dev, demand_port, running
from examples.django import people

_SAID = """\
Open {url} - codes arrive at {inbox}

  Avow            {avow}
  Project id      {project}
  Management key  {key}

Sign up with any address, look at your profile, and open "Admin only": you are refused. Then, in another terminal,

  .venv/bin/avow user add-role YOUR@ADDRESS is_staff --data {data}

and press "Refresh now". Ctrl-C stops both; everything is kept in {data}.
"""


def main() -> None:
    """Start both; Ctrl-C ends both."""
    parser = argparse.ArgumentParser(prog="python -m examples.django", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="port of the application")
    parser.add_argument("--avow-port", type=int, default=8000, help="port of Avow")
    parser.add_argument("--data", default=".avow", help="folder in which both keep their data")
    chosen = parser.parse_args()
    demand_port(chosen.port)
    with running(chosen.data, chosen.avow_port) as avow:
        with Client(avow.project_id, management_key=avow.management_key, base_url=avow.url) as client:
            people.make(client)
        _prepare(avow, chosen.data)
        print(_said(avow, f"http://localhost:{chosen.port}", chosen.data), flush=True)
        uvicorn.run("examples.django.asgi:application", host="127.0.0.1", port=chosen.port, log_level="warning")


def _prepare(avow: Dev, data: str) -> None:
    """Tell the settings where everything is, and make the tables."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="examples.django.settings",
        AVOW_BASE_URL=avow.url,
        AVOW_PROJECT_ID=avow.project_id,
        EXAMPLE_DATA=data,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    (Path(data) / "django-example.sqlite3").chmod(0o600)  # it holds addresses


def _said(avow: Dev, url: str, data: str) -> str:
    return _SAID.format(
        url=url, inbox=avow.inbox_url, avow=avow.url, project=avow.project_id, key=avow.management_key, data=data
    )


main()
