"""Does what a page about Django says, from its top to its end, in a project of its own that is served over https.

A block of shell is run in the folder of the project. A block of Python after "`path`:" is a file, after
"`path` (added):" the end of one; any other one is a program that speaks to the project at `URL`, whose certificate the
file `CA` and the context `TLS` trust.
"""

import os
import re
import shlex
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trustme

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:^`([\w./-]+)`( \(added\))?:\n\n)?^```(py|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Walk:
    """One project, made step by step."""

    def __init__(self, folder: Path, project: str, environment: dict[str, str]) -> None:
        """Begin in an empty folder; `environment` is what the shell of the reader has."""
        self.folder, self.project = folder, project
        self.server: subprocess.Popen[str] | None = None
        authority = trustme.CA()
        (folder.parent / "ca.pem").write_bytes(authority.cert_pem.bytes())
        self.certificate = folder.parent / "server.pem"
        self.certificate.write_bytes(authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes())
        authorities = str(folder.parent / "ca.pem")
        self.names: dict[str, Any] = {"CA": authorities, "TLS": ssl.create_default_context(cafile=authorities)}
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT), str(folder)])
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {"PYTHONPATH": path, "PATH": programs, "PYTHONDONTWRITEBYTECODE": "1", **environment}

    def do(self, text: str) -> int:
        """Do every step of a page; return how many programs ran."""
        programs = 0
        for name, added, language, code in BLOCK.findall(text):
            if language == "sh":
                self.run(code)
            elif name:
                self.write(name, code, is_added=bool(added))
            else:
                self.speak(code)
                programs += 1
        return programs

    def run(self, code: str) -> str:
        """Run the lines of a shell block."""
        self.stop()
        said = ""
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["export"]:
                self.environment |= dict([words[1].split("=", 1)])
            elif words and words[0] != "pip":  # everything is installed
                done = subprocess.run(
                    words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                said += done.stdout
        return said

    def write(self, name: str, code: str, *, is_added: bool) -> None:
        """Write a file of the project, or the end of one."""
        self.stop()
        file = self.folder / name
        before = file.read_text(encoding="utf-8") + "\n" if is_added else ""
        file.write_text(before + code, encoding="utf-8")

    def speak(self, code: str) -> None:
        """Run a program that speaks to the project."""
        if self.server is None:
            self.start()
        exec(compile(textwrap.dedent(code), "block", "exec"), self.names)  # noqa: S102 - our own pages

    def start(self) -> None:
        """Serve the project as it is now."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.django.serve_https", f"{self.project}.wsgi"]
        self.server = subprocess.Popen(
            [*command, str(self.certificate)],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.server.stdout is not None
        port = self.server.stdout.readline().strip()
        assert port, self.server.communicate()[1]
        self.names["URL"] = f"https://localhost:{port}"

    def stop(self) -> None:
        """Serve no more, if anything is served."""
        if self.server is not None:
            self.server.terminate()
            self.server.communicate(timeout=10)
            self.server = None


def walking(folder: Path, project: str, environment: dict[str, str]) -> Iterator[Walk]:
    """Give a walk and stop its server afterwards: the body of a fixture."""
    folder.mkdir()
    walk = Walk(folder, project, environment)
    try:
        yield walk
    finally:
        walk.stop()
