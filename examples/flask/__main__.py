"""`python -m examples.flask`: starts an Avow and this application beside it."""

import argparse

from examples.avow_dev import running
from examples.flask.app import create_app


def main() -> None:
    """Start both; Ctrl-C ends both."""
    parser = argparse.ArgumentParser(prog="python -m examples.flask", description=__doc__)
    parser.add_argument("--port", type=int, default=8002, help="port of the application")
    parser.add_argument("--avow-port", type=int, default=8000, help="port of Avow")
    parser.add_argument("--data", default=".avow", help="folder in which Avow keeps its data")
    parser.add_argument("--scripts", choices=("own", "official"), default="own", help="whose scripts the pages load")
    chosen = parser.parse_args()
    with running(chosen.data, chosen.avow_port) as avow:
        config = {
            "AVOW_PROJECT_ID": avow.project_id,
            "AVOW_BASE_URL": avow.url,
            "AVOW_SCRIPTS": chosen.scripts,
        }
        print(f"Open http://localhost:{chosen.port} - codes arrive at {avow.inbox_url}", flush=True)
        create_app(config).run(host="127.0.0.1", port=chosen.port)


main()
