"""S-SEC-04 and 05: settings that are only written, and what a fresh installation shows and shares."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.cases import Case
from tests.cli.programs import Running, avow, start_dev
from tests.security.calls import assert_refused
from tests.security.place import Place
from tests.security.production import Installation, Production, install
from tests.security.tables import read_table

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
EVIL = "https://evil.example.com"


def test_s_sec_04_settings_are_write_only(case: Case, production: Production) -> None:
    place, installation = production.place, production.installation
    key = installation.management_key
    settings = "/v1/mgmt/avow/project/settings"
    case.control(lambda: place.api.get(settings, key).status == 200)
    created = installation.command("key", "create", "second", "--json").json()
    with case.cell("a management key is shown when it is made, and works"):
        assert place.api.get(settings, created["management_key"]).status == 200
    with case.cell("the settings say no secret"):
        assert not _secrets_in(place.api.get(settings, key).content, installation, created["management_key"])
    with case.cell("the answer to a change says no secret"):
        changed = place.api.post(settings, key, {"settings": {"codeDigits": 8}})
        assert (changed.status, changed.body["codeDigits"]) == (200, 8)
        assert not _secrets_in(changed.content, installation, created["management_key"])
    with case.cell("management key load and search"):
        for path in (f"?id={created['id']}", "/search"):
            shown = place.api.get(f"/v1/mgmt/managementkey{path}", key)
            assert (shown.status, created["id"].encode() in shown.content) == (200, True)
            assert not _secrets_in(shown.content, installation, created["management_key"])
    with case.cell("access key load and search"):
        _try_access_keys(place, key)
    with case.cell("SSO settings"):
        _try_sso_settings(place, key)
    with case.cell("OIDC applications"):
        _try_applications(place, key)
    for command in (("key", "list"), ("signing-key", "list"), ("project", "list"), ("project", "show")):
        for form in ((), ("--json",)):
            with case.cell(f"avow {' '.join((*command, *form))}"):
                said = installation.command(*command, *form)
                assert said.code == 0, said.err
                assert not _secrets_in((said.out + said.err).encode(), installation, created["management_key"])
    with case.cell("avow project get"):
        said = installation.command("project", "get", "--json")
        assert not _secrets_in((said.out + said.err).encode(), installation, created["management_key"])
    with case.cell("a revoked key is refused at once"):
        assert installation.command("key", "revoke", created["id"]).code == 0
        assert_refused(place.api.get(settings, created["management_key"]))


def _try_access_keys(place: Place, key: str) -> None:
    """See that the secret of an access key is told when it is made or replaced, and never again."""
    path = "/v1/mgmt/accesskey"
    made = place.api.post(f"{path}/create", key, {"name": "machine"}).body
    rotated = place.api.post(f"{path}/rotate", key, {"id": made["key"]["id"]}).body
    for answer in (
        place.api.get(f"{path}?id={made['key']['id']}", key),
        place.api.post(f"{path}/search", key),
        place.api.post(f"{path}/update", key, {"id": made["key"]["id"], "name": "x"}),
        place.api.post(f"{path}/deactivate", key, {"id": made["key"]["id"]}),
    ):
        assert answer.status == 200
        for secret in (made["cleartext"], rotated["cleartext"]):
            assert secret[27:].encode() not in answer.content


def _try_sso_settings(place: Place, key: str) -> None:
    """See that the client secret of an identity provider is never answered, nor where it is refused."""
    secret = "the secret of our client"
    tenant = place.api.post("/v1/mgmt/tenant/create", key, {"name": "Acme"}).body["id"]
    settings = {"name": "idp", "clientId": "us", "clientSecret": secret, "tokenUrl": "https://idp.example.com/token"}
    path, query = "/v1/mgmt/sso", f"?tenantId={tenant}"
    made = place.api.post(f"{path}/oidc", key, {"tenantId": tenant, "settings": settings})
    refused = place.api.post(f"{path}/oidc", key, {"tenantId": tenant, "settings": {**settings, "tokenUrl": "no url"}})
    shown = place.api.get(f"/v2/mgmt/sso/settings{query}", key)
    assert (made.status, refused.status, shown.body["oidc"]["clientSecret"]) == (200, 400, "")
    for answer in (
        made,
        refused,
        shown,
        place.api.get(f"/v2/mgmt/sso/settings/all{query}", key),
        place.api.get(f"{path}/settings{query}", key),
        place.api.get(f"{path}/xaa/settings{query}", key),
        place.api.get(f"/v1/mgmt/tenant?id={tenant}", key),
    ):
        assert secret.encode() not in answer.content


def _try_applications(place: Place, key: str) -> None:
    """See that secrets of applications are told when made or asked for by the one address, which the audit notes."""
    ours, sso, others = "/v1/mgmt/avow/app", "/v1/mgmt/sso/idp/app", "/v1/mgmt/thirdparty"
    made = place.api.post(f"{ours}/create", key, {"name": "Shop"}).body
    id, given = (
        made["application"]["id"],
        place.api.post(f"{others}/app/create", key, {"name": "B", "loginPageUrl": ""}),
    )
    secrets = [
        made["secret"],
        given.body["cleartext"],
        place.api.post(f"{sso}/rotate", key, {"id": id}).body["cleartext"],
        place.api.post(f"{sso}/secret/add", key, {"id": id, "name": "ci"}).body["cleartext"],
    ]
    assert place.api.get(f"{sso}/secret?id={id}", key).body["cleartext"] == secrets[2]
    audit = place.api.post("/v1/mgmt/audit/search", key, {"actions": ["application.secret_read"]})
    assert (audit.status, id.encode() in audit.content) == (200, True)
    for answer in (
        audit,
        place.api.get(f"{ours}?id={id}", key),
        place.api.get(f"{ours}/list", key),
        place.api.post(f"{ours}/update", key, {"id": id, "name": "x"}),
        place.api.get(f"{sso}/load?id={id}", key),
        place.api.get("/v1/mgmt/sso/idp/apps/load", key),
        place.api.get(f"{others}/app/load?id={given.body['id']}", key),
        place.api.get(f"{others}/apps/load", key),
        place.api.post("/v1/mgmt/project/export", key, {}),
    ):
        assert answer.status == 200
        assert [each for each in secrets if each.encode() in answer.content] == []


def _secrets_in(content: bytes, installation: Installation, *further: str) -> list[str]:
    secrets = [installation.management_key, installation.variables["AVOW_SECRET_KEY"], *further]
    secrets += [secret[27:] for secret in (installation.management_key, *further)]
    return [secret for secret in secrets if secret.encode() in content]


def test_s_sec_05_first_start_of_serve(case: Case, production: Production, tmp_path: Path) -> None:
    place, installation, running = production.place, production.installation, production.running
    case.control(lambda: place.api.refresh(place.open_session().refresh_jwt).status == 200)
    other = install(tmp_path / "other")
    with case.cell("it listens on loopback unless told otherwise"):
        assert _listening_addresses(running.process.pid) <= LOOPBACK
    with case.cell("it does not start without a secret key"):
        said = avow("serve", variables={"AVOW_DATABASE_URL": installation.variables["AVOW_DATABASE_URL"]})
        assert said.code != 0
        assert "AVOW_SECRET_KEY" in said.err
    with case.cell("it does not start with another secret key"):
        variables = {**installation.variables, "AVOW_SECRET_KEY": "x" * 40}
        assert avow("serve", variables=variables).code != 0
    with case.cell("no account and no key but the one that was asked for"):
        url = other.variables["AVOW_DATABASE_URL"]
        assert read_table(url, "SELECT count(*) FROM users") == [(0,)]
        assert read_table(url, "SELECT count(*) FROM sessions") == [(0,)]
        assert read_table(url, "SELECT count(*) FROM management_keys") == [(1,)]
        assert read_table(url, "SELECT count(*) FROM projects") == [(1,)]
    with case.cell("two installations share no secret"):
        mine, theirs = (_all_secrets(each) for each in (installation, other))
        assert len(mine) >= 5
        assert not mine & theirs
    with case.cell("the key of another installation is refused"):
        assert_refused(place.api.get("/v1/mgmt/avow/project/settings", other.management_key))
    with case.cell("the first management key is printed once"):
        listed = installation.command("key", "list", "--json").out + installation.command("project", "show").out
        assert installation.management_key[27:] not in listed
    for file in sorted(installation.folder.iterdir()):
        with case.cell(f"mode of {file.name}"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in ("/dev/inbox", "/dev/clock", "/docs", "/debug", "/admin", "/.env", "/.git/config", "/console"):
        with case.cell(f"nothing at {path}"):
            assert place.api.get(path).status in {401, 404}
            assert place.api.post(path).status in {400, 401, 404, 405}
    with case.cell("metrics are not for those who come through a proxy"):
        assert place.api.get("/metrics").status == 200
        assert place.api.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status in {403, 404}
    with case.cell("no page of another origin may call"):
        wish = place.api.wish("OPTIONS", "/v1/auth/refresh", headers={"origin": EVIL})
        assert "access-control-allow-origin" not in place.api.carrier.send(wish).headers
        assert "access-control-allow-origin" not in place.api.get("/v1/auth/me", headers={"origin": EVIL}).headers
    with case.cell("errors tell nothing of the inside"):
        for path in ("/nowhere", "/v1/auth/nowhere", "/v1/auth/me", "/v2/keys/P0"):
            content = place.api.get(path).content
            assert not [word for word in (b"Traceback", b"File ", b".py", b"sqlite", b"uvicorn") if word in content]
    with case.cell("the server does not name itself or its parts"):
        headers = place.api.get("/healthz").headers
        assert not {"server", "x-powered-by"} & set(headers)


def _all_secrets(installation: Installation) -> set[object]:
    url = installation.variables["AVOW_DATABASE_URL"]
    found: set[object] = {installation.management_key, installation.management_key[27:], installation.project_id}
    for query in ("SELECT secret_mac FROM management_keys", "SELECT sealed_private FROM signing_keys"):
        found |= {value for (value,) in read_table(url, query)}
    found |= {value for (value,) in read_table(url, "SELECT public_jwk FROM signing_keys")}
    return found


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[list[Running]]:
    """Run `avow dev` in two fresh directories."""
    (tmp_path / "devs").mkdir()
    running = [start_dev(tmp_path / "devs" / name) for name in ("one", "two")]
    yield running
    for each in running:
        each.stop()


def test_s_sec_05_first_start_of_dev(case: Case, dev: list[Running], tmp_path: Path) -> None:
    one, two = dev

    def signs_up() -> bool:
        headers = {"authorization": f"Bearer {one.facts['project_id']}"}
        return one.ask("POST", "/v1/auth/otp/signup-in/email", {"loginId": "a@example.com"}, headers).status == 200

    case.control(signs_up)
    folder = tmp_path / "devs" / "one"
    with case.cell("avow dev listens on loopback"):
        assert _listening_addresses(one.process.pid) <= LOOPBACK
    with case.cell("avow dev makes its own keys"):
        assert one.facts["management_key"] != two.facts["management_key"]
        assert one.facts["project_id"] != two.facts["project_id"]
        assert len(one.facts["management_key"]) >= 60
    with case.cell("avow dev, mode of the data directory"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in sorted(folder.iterdir()):
        with case.cell(f"avow dev, mode of {file.name}"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with case.cell("avow serve refuses the directory of avow dev"):
        url = f"sqlite:///{folder}/avow.sqlite3"
        said = avow("serve", "--port", "0", variables={"AVOW_DATABASE_URL": url, "AVOW_SECRET_KEY": "x" * 40})
        assert said.code == 2
        assert "avow dev" in said.err
    with case.cell("the key of another development server is refused"):
        headers = {"authorization": f"Bearer {one.facts['project_id']}:{two.facts['management_key']}"}
        assert one.ask("GET", "/v1/mgmt/avow/project/settings", headers=headers).status == 401


def _listening_addresses(pid: int) -> set[str]:
    """Return the addresses that a process listens on, as /proc spells them."""
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in sockets:
                found.add(columns[1].partition(":")[0])
    assert found, "it listens nowhere"
    return found
