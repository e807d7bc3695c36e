"""`python -m examples.fastapi`: starts an Avow and this application beside it."""

import argparse

import uvicorn

from avow import AuthException, Client
from examples.avow_dev import Dev, running
from examples.fastapi.app import PERMISSION, ROLE, create_app


def main() -> None:
    """Start both; Ctrl-C ends both."""
    parser = argparse.ArgumentParser(prog="python -m examples.fastapi", description=__doc__)
    parser.add_argument("--port", type=int, default=8003, help="port of the application")
    parser.add_argument("--avow-port", type=int, default=8000, help="port of Avow")
    parser.add_argument("--data", default=".avow", help="folder in which Avow keeps its data")
    chosen = parser.parse_args()
    with running(chosen.data, chosen.avow_port) as avow:
        make_role(avow)
        print(f"Open http://localhost:{chosen.port}/docs - codes arrive at {avow.inbox_url}", flush=True)
        uvicorn.run(create_app(avow.project_id, avow.url), host="127.0.0.1", port=chosen.port, log_level="warning")


def make_role(avow: Dev) -> None:
    """Make the role that may write, unless it is there from an earlier start."""
    with Client(avow.project_id, management_key=avow.management_key, base_url=avow.url) as client:
        names = [role["name"] for role in client.mgmt.role.load_all()["roles"]]
        if ROLE in names:
            return
        try:
            client.mgmt.permission.create(PERMISSION)
        except AuthException as error:
            print(f"The permission is there already: {error}")
        client.mgmt.role.create(ROLE, permission_names=[PERMISSION])


main()
