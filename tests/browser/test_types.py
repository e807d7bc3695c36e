"""The types of what applications load from the server: the TypeScript compiler reads them, and they say it all."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from avow import web
from tests.bed import npm
from tests.bed.programs import FINDERS, missing_sentence

WEB = Path(web.__file__).parent
PAGE = Path(__file__).parent / "types" / "page.ts"
# The members of a client as they are, of each object in it too; the browser's parts are stood in for.
MEMBERS = """
globalThis.addEventListener = () => {};
globalThis.document = { addEventListener() {} };
const { Avow } = await import(process.argv[1]);
const read = (made) => Object.fromEntries(Object.entries(made)
  .filter(([, value]) => typeof value === "object").map(([name, value]) => [name, Object.keys(value)]));
const client = Avow({ projectId: "P1", persistTokens: false });
console.log(JSON.stringify({ "": Object.keys(client), ...read(client) }));
"""
SAME = "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;"


@pytest.fixture(scope="module", autouse=True)
def compiler() -> None:
    """Skip where npm is missing."""
    if FINDERS["oidc-provider"]() is None:
        pytest.skip(missing_sentence("oidc-provider"))


def compiled(folder: Path, *files: Path) -> str:
    """Return what the compiler has against some files, "" for nothing."""
    options: dict[str, Any] = {
        "noEmit": True,
        "strict": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom", "dom.iterable"],
        "types": [],
        "paths": {"https://auth.example.com/sdk/*.mjs": [f"{WEB}/*.d.ts"]},
    }
    config = folder / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": options, "files": [str(each) for each in files]}))
    command = [npm.find_node(), str(npm.FOLDER / "node_modules" / "typescript" / "bin" / "tsc"), "-p", str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout


def test_application_compiles_against_the_types(tmp_path: Path) -> None:
    assert compiled(tmp_path, PAGE) == ""


def test_types_name_every_member_of_the_client_and_no_other(tmp_path: Path) -> None:
    command = [npm.find_node(), "--input-type=module", "--eval", MEMBERS, str(WEB / "avow.mjs")]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    members: dict[str, list[str]] = json.loads(found)
    lines = ['import type { AvowClient } from "https://auth.example.com/sdk/avow.mjs";', SAME]
    for name, keys in members.items():
        of = f'AvowClient["{name}"]' if name else "AvowClient"
        wanted = " | ".join(json.dumps(each) for each in keys)
        lines.append(f"export const _{name}: Same<keyof {of}, {wanted}> = true;")
    page = tmp_path / "members.ts"
    page.write_text("\n".join(lines))
    assert compiled(tmp_path, page) == ""
