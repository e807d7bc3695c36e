"""S-SEC-03: whatever happens, no secret is in the log, the metrics, the audit or an error."""

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from avow.core.totp import key_text
from tests.bed.authenticator import HONEST, Forgery
from tests.bed.cases import Case
from tests.bed.sms import SmsMode, SmsSink
from tests.bed.smtp import SmtpMode, SmtpSink
from tests.factories import change_settings, make_user, new_email, new_phone
from tests.security.calls import Answer, Wish
from tests.security.place import NO_LIMITS, Person, Place, person_of, token_of
from tests.security.production import Production, install, place_of, served
from tests.security.secrets.atprovider import at_provider
from tests.security.secrets.elsewhere import elsewhere
from tests.security.secrets.onpages import on_pages
from tests.security.tables import read_table
from tests.security.totp.people import make_owner
from tests.security.webauthn.holder import ROUTES, Holder

_CODE = re.compile(r"\b\d{10}\b")
_LINK = re.compile(r"https?://\S+[?&]t=[\w-]+\S*")
_CALLS_THAT_SAY_NO = 12


@dataclass(slots=True)
class Everything:
    """What was secret in a run, and what was said in public."""

    secrets: dict[str, str] = field(default_factory=dict)
    refusals: list[Answer] = field(default_factory=list)

    def keep(self, name: str, secret: str) -> str:
        """Note a secret under a name of its own, and return it."""
        assert len(secret) >= 10, f"{name} is too short to be searched for"
        self.secrets[f"{len(self.secrets):02d} {name}"] = secret
        return secret

    def keep_session(self, name: str, person: Person) -> Person:
        """Note the tokens of a session: a part of one is as telling as the whole."""
        for kind, token in (("session token", person.session_jwt), ("refresh token", person.refresh_jwt)):
            self.keep(f"{kind} of {name}", token)
            self.keep(f"{kind} of {name}, claims", token.split(".")[1])
            self.keep(f"{kind} of {name}, signature", token.split(".")[2])
        return person


@pytest.fixture
def talkative(tmp_path: Path, smtp_sink: SmtpSink, sms_sink: SmsSink) -> Iterator[Production]:
    """Serve at the level `debug`, with a mail server and a gateway whose passwords are known."""
    installation = install(tmp_path / "data")
    settings = {
        "AVOW_LOG_LEVEL": "debug",
        "AVOW_CALLABLE_NETWORKS": "127.0.0.1/32",
        "AVOW_SMTP_HOST": "localhost",
        "AVOW_SMTP_PORT": str(smtp_sink.port),
        "AVOW_SMTP_SECURITY": "none",
        "AVOW_SMTP_PASSWORD": "marked-smtp-password-4711",
        "AVOW_MAIL_FROM": "Avow <no-reply@example.com>",
        "AVOW_SMS_URL": sms_sink.url,
        "AVOW_SMS_ACCOUNT": "AC0123456789",
        "AVOW_SMS_TOKEN": "marked-sms-token-4711",
        "AVOW_SMS_FROM": "+12025550199",
    }
    with served(installation, **settings) as running, place_of(installation, running) as place:
        policy = {"code_digits": 10, "rotation": "always", "approved_redirects": ["https://app.example.com"]}
        change_settings(place.avow, {**NO_LIMITS, **policy})
        yield Production(installation, running, place)


def test_s_sec_03_no_secret_is_told(case: Case, talkative: Production, smtp_sink: SmtpSink, sms_sink: SmsSink) -> None:
    place, known = talkative.place, Everything()
    known.keep("secret key", talkative.installation.variables["AVOW_SECRET_KEY"])
    known.keep("management key", talkative.installation.management_key)
    known.keep("management key, secret part", talkative.installation.management_key[27:])
    known.keep("password of the mail server", "marked-smtp-password-4711")
    known.keep("token of the gateway", "marked-sms-token-4711")
    case.control(lambda: place.api.get("/readyz").status == 200)
    _wait_for_settings(place)
    _happy_path(place, known, smtp_sink, sms_sink)
    _passwords(place, known, talkative.installation.management_key)
    _apps(place, known)
    _passkeys(place, known)
    post = _Post(smtp_sink)
    with case.cell("flows and hosted pages"):
        assert on_pages(place, known, post.code, post.link) > 30
    with case.cell("OpenID provider"):
        assert at_provider(place, known, talkative.installation.management_key, post.code) > 20
    elsewhere(place, known, talkative.installation.management_key)
    _audit(place, known, talkative.installation.management_key)
    _management(place, known, talkative.installation.management_key)
    _management_refuses(place, known, talkative.installation.management_key)
    _unhappy_path(place, known)
    _troubled_delivery(place, known, smtp_sink, sms_sink)
    said = _said(talkative)
    said["audit over the API"] = _audit_as_shown(place, talkative.installation.management_key)
    said["what management shows later"] = _shown_later(place, talkative.installation.management_key)
    with case.cell("there are forty secrets, and something was said"):
        assert len(known.secrets) >= 40
        assert len(known.refusals) >= _CALLS_THAT_SAY_NO
        assert said["log"].count(b'"event":"request"') > 30
        assert b"avow" in said["metrics"]
        assert b"session.opened" in said["audit"]
        assert not [answer for answer in known.refusals if answer.status >= 500]
    for name, secret in known.secrets.items():
        for where, content in said.items():
            with case.cell(f"{name}, {where}"):
                assert secret.encode() not in content
        with case.cell(f"{name}, errors"):
            assert not [answer for answer in known.refusals if secret.encode() in answer.content]
    with case.cell("every line of the log is JSON, with a request id on each request"):
        lines = [json.loads(line) for line in said["log"].splitlines() if line]
        assert all(line["request_id"] for line in lines if line["event"] == "request")


def _wait_for_settings(place: Place) -> None:
    until = time.monotonic() + 60
    while place.api.get("/v1/mgmt/avow/project/settings", place.avow.management_key).body["codeDigits"] != 10:
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(1.1)  # calls see the settings when their snapshot is a second old


# --- What happens ----------------------------------------------------------------------------------------------


def _happy_path(place: Place, known: Everything, mail: SmtpSink, sms: SmsSink) -> None:
    api = place.api
    address, phone = new_email(), new_phone()
    started = api.post("/v1/auth/otp/signup/email", body={"loginId": address, "user": {"name": "Mia"}})
    assert started.status == 200
    code = known.keep("code by mail", _code(mail, address))
    first = known.keep_session("a sign-up by code", person_of(address, place.verify_code(address, code)))
    assert api.post("/v1/auth/otp/signup/sms", body={"loginId": phone}).status == 200
    texted = known.keep("code by SMS", _CODE.findall(sms.wait(1)[-1].text)[0])
    answer = api.post("/v1/auth/otp/verify/sms", body={"loginId": phone, "code": texted})
    known.keep_session("a sign-up by SMS", person_of(phone, answer))
    letters = len(mail.to(address))
    assert api.post("/v1/auth/magiclink/signin/email", body={"loginId": address}).status == 200
    link = known.keep("token of a magic link", token_of(_links(mail, address, letters)[0]))
    known.keep("token of a magic link, secret part", link[-26:])
    answer = api.post("/v1/auth/magiclink/verify", body={"token": link})
    known.keep_session("a magic link", person_of(address, answer))
    started = api.post("/v1/auth/enchantedlink/signin/email", body={"loginId": address})
    pending = known.keep("pending reference", started.body["pendingRef"])
    for number, url in enumerate(_links(mail, address, letters + 1)[:3]):
        known.keep(f"enchanted link {number}", token_of(url))
    known.refusals.append(api.post("/v1/auth/enchantedlink/pending-session", body={"pendingRef": pending}))
    refreshed = api.refresh(first.refresh_jwt)
    known.keep("session token after a refresh", refreshed.body["sessionJwt"])
    for path in ("/v1/auth/me", "/v1/auth/me/history", "/v1/auth/avow/sessions"):
        assert api.get(path, first.refresh_jwt).status == 200
    assert api.post("/v1/auth/try-refresh", cookies={"DSR": first.refresh_jwt}).status == 200
    update = {"loginId": address, "email": new_email()}
    assert api.post("/v1/auth/otp/update/email", first.refresh_jwt, update).status == 200
    known.keep("code of an update", _code(mail, update["email"]))
    assert api.post("/v1/auth/logout", first.refresh_jwt).status == 200


def _passwords(place: Place, known: Everything, key: str) -> None:
    """Have management set passwords and create users who bring some, good ones and bad ones."""
    user, batch = "/v1/mgmt/user/password/set/active", "/v1/mgmt/user/create/batch"
    make_user(place.avow, address := new_email())
    good = known.keep("password set by management", "marked-password-4711")
    assert place.api.post(user, key, {"loginId": address, "password": good}).status == 200
    weak = known.keep("password that is refused", f"marked-{address}-long" * 9)
    known.refusals.append(place.api.post(user, key, {"loginId": address, "password": weak}))
    brought = {
        "password": known.keep("password of a batch", "marked-batch-password-4711"),
        "seed": known.keep("seed of a batch", "MARKEDSEEDMARKEDSEEDMARKED"),
    }
    hashed = {"md5": {"hash": known.keep("hash of a batch", "4711c0de4711c0de4711c0de4711c0de"), "salt": "s"}}
    for fields in (brought, {"hashedPassword": hashed}, {**brought, "hashedPassword": hashed}):
        assert place.api.post(batch, key, {"users": [{"loginId": new_email(), **fields}]}).status == 200
    _signed_in_by_password(place, known)


def _signed_in_by_password(place: Place, known: Everything) -> None:
    """Have somebody sign up and in by password, rightly and wrongly, and change it in every way."""
    root, address = "/v1/auth/password", new_email()
    first = known.keep("password of a sign-up", "marked-first-password-0815")
    second = known.keep("password that takes its place", "marked-second-password-0815")
    third = known.keep("password of an update", "marked-third-password-0815")
    wrong = known.keep("password that is wrong", "marked-wrong-password-0815")
    weak = known.keep("password that is too common", "Marked-Password-1234-" + address)
    answer = place.api.post(f"{root}/signup", body={"loginId": address, "password": first})
    known.keep_session("a sign-up by password", person_of(address, answer))
    answer = place.api.post(f"{root}/signin", body={"loginId": address, "password": first})
    known.keep_session("a sign-in by password", person_of(address, answer))
    replaced = place.api.post(f"{root}/replace", body={"loginId": address, "oldPassword": first, "newPassword": second})
    session = known.keep_session("a replaced password", person_of(address, replaced))
    update = {"loginId": address, "newPassword": third}
    assert place.api.post(f"{root}/update", session.refresh_jwt, update).status == 200
    for path, token, body in (
        ("signin", "", {"loginId": address, "password": wrong}),
        ("signup", "", {"loginId": address, "password": wrong}),
        ("signup", "", {"loginId": new_email(), "password": weak * 9}),
        ("replace", "", {"loginId": address, "oldPassword": wrong, "newPassword": second}),
        ("replace", "", {"loginId": address, "oldPassword": third, "newPassword": third}),
        ("update", session.refresh_jwt, {"loginId": address, "newPassword": address}),
        ("update", "", update),
    ):
        known.refusals.append(place.api.post(f"{root}/{path}", token, body))


def _audit(place: Place, known: Everything, key: str) -> None:
    """Have the audit searched and sent to a receiver that nobody reaches, with a secret and a header of its own."""
    path = "/v2/mgmt/connector/audit/web/set"
    given = {
        "hmacSecret": known.keep("secret of a webhook", "marked-webhook-secret-4711"),
        "headers": {"Authorization": known.keep("header of a webhook", "Bearer marked-webhook-header-4711")},
    }
    body = {"name": "siem", "url": "https://receiver.invalid/", **given}
    assert place.api.post(path, key, body).status == 200
    made = place.api.post(path, key, {"name": "other", "url": "https://receiver.invalid/"}).body["hmacSecret"]
    known.keep("secret of a webhook that was made for it", made)
    for wrong in ({"url": "http://10.0.0.1/"}, {"headers": {"Host": given["hmacSecret"]}}, {"hmacSecret": [made]}):
        known.refusals.append(place.api.post(path, key, {**body, **wrong}))
    event = {"action": "noted", "type": "info", "actorId": "me", "tenantId": ""}
    assert place.api.post("/v1/mgmt/audit/event", key, event).status == 200
    assert place.api.post("/v1/mgmt/audit/search", key, {"text": "noted"}).body["total"] == 1


def _apps(place: Place, known: Everything) -> None:
    """Let somebody with an app come, add another one, and get recovery codes."""
    owner = make_owner(place)
    known.keep("seed of an app", key_text(owner.seed))
    known.keep("seed of an app, in hex", owner.seed.hex())
    first = known.keep_session("a sign-in by app", owner.sign_in())
    shown = place.api.post("/v1/auth/totp/update", first.refresh_jwt, {"loginId": owner.login_id}).body
    for name in ("key", "provisioningURL", "image"):
        known.keep(f"{name} of an app that waits", shown[name])
    codes = place.api.post("/v1/auth/avow/recoverycodes/generate", first.refresh_jwt).body["codes"]
    for code in codes[:2]:
        known.keep("recovery code", code)
        known.keep("recovery code without dashes", code.replace("-", ""))
    used = {"loginId": owner.login_id, "code": codes[0]}
    answers = [place.api.post("/v1/auth/avow/recoverycodes/verify", body=used) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401]
    stray = {"loginId": 1, "code": codes[1]}
    known.refusals += [answers[1], place.api.post("/v1/auth/avow/recoverycodes/verify", body=stray)]
    known.refusals += [place.api.post("/v1/auth/totp/verify", body={**used, "code": shown["key"]})]


def _passkeys(place: Place, known: Everything) -> None:
    """Let somebody come with a passkey, and show it again: rightly, twice and wrongly."""
    holder = Holder(place)
    person = known.keep_session("a sign-up by passkey", holder.person())
    for forgery in (HONEST, Forgery(rp_id="evil.example")):
        begun = holder.begun("signin", {"loginId": person.login_id})
        known.keep("transaction of a passkey", begun["transactionId"])
        shown = holder.device.show(begun["options"], holder.origin, forgery)
        known.keep("signature of a passkey", json.loads(shown)["response"]["signature"])
        answers = [holder.finish("signin", begun["transactionId"], shown) for _ in range(2)]
        if forgery is HONEST:
            known.keep_session("a sign-in by passkey", person_of(person.login_id, answers.pop(0)))
        known.refusals += answers
    stray = {"transactionId": 1, "response": shown}
    known.refusals.append(place.api.post(f"{ROUTES}/signin/finish", body=stray))


def _management(place: Place, known: Everything, key: str) -> None:
    """Have management make everything that is secret: keys, tokens, proofs of test users, secrets of tenants."""
    make_user(place.avow, real := new_email("real"))
    make_user(place.avow, other := new_email("other"))
    make_user(place.avow, robot := new_email("robot"), is_test=True)

    def post(path: str, body: object, verb: str = "POST") -> Any:
        answer = place.api.carrier.send(place.api.wish(verb, path, key, body))
        assert answer.status == 200, (path, answer.content)
        return answer.body

    made = post("/v1/mgmt/accesskey/create", {"name": "machine"})
    first = known.keep("access key", made["cleartext"])
    exchanged = place.api.post("/v1/auth/accesskey/exchange", first, {}).body
    known.keep("session token of an access key", exchanged["sessionJwt"])
    rotated = post("/v1/mgmt/accesskey/rotate", {"id": made["key"]["id"]})["cleartext"]
    known.keep("access key with another secret", rotated)
    known.keep("access key, secret part", rotated[27:])
    role = {"projectIds": [place.api.project_id], "roles": ["user:read"]}
    limited = post("/v1/mgmt/managementkey", {"name": "limited", "reBac": {"projectRoles": [role]}}, "PUT")["cleartext"]
    known.keep("management key that another made", limited)
    known.keep("management key that another made, secret part", limited[27:])
    known.keep("embedded link", post("/v1/mgmt/user/signin/embeddedlink", {"loginId": real})["token"])
    for path in ("auth/signin", "auth/signup-in", "auth/anonymous"):
        body = {} if path == "auth/anonymous" else {"loginId": real}
        opened = post(f"/v1/mgmt/{path}", body)
        for kind in ("sessionJwt", "refreshJwt"):
            known.keep(f"{kind} of {path}", opened[kind])
            known.keep(f"{kind} of {path}, signature", opened[kind].split(".")[2])
    updated = post("/v1/mgmt/jwt/update", {"jwt": opened["refreshJwt"], "customClaims": {"a": 1}})["jwt"]
    known.keep("token with claims", updated)
    _impersonated(place, known, key, real, other)
    proof = {"loginId": robot, "deliveryMethod": "email"}
    known.keep("code of a test user", post("/v1/mgmt/tests/generate/otp", proof)["code"])
    known.keep("magic link of a test user", token_of(post("/v1/mgmt/tests/generate/magiclink", proof)["link"]))
    pending = post("/v1/mgmt/tests/generate/enchantedlink", proof)
    known.keep("enchanted link of a test user", token_of(pending["link"]))
    known.keep("pending reference of a test user", pending["pendingRef"])
    tenant = post("/v1/mgmt/tenant/create", {"name": "Acme"})["id"]
    secret = known.keep("client secret of a tenant", "marked-client-secret-4711")
    given = {"name": "idp", "clientId": "us", "clientSecret": secret, "tokenUrl": "https://idp.example.com/token"}
    post("/v1/mgmt/sso/oidc", {"tenantId": tenant, "settings": given})
    app = post("/v1/mgmt/sso/idp/app/oidc/create", {"name": "Shop", "loginPageUrl": ""})["id"]
    for name, verb, path in (("read", "GET", f"secret?id={app}"), ("rotated", "POST", "rotate")):
        body = post(f"/v1/mgmt/sso/idp/app/{path}", {"id": app} if verb == "POST" else None, verb)
        known.keep(f"client secret, {name}", body["cleartext"])
    link = post("/v2/mgmt/tenant/adminlinks/sso/generate", {"tenantId": tenant})["adminSSOConfigurationLink"]
    known.keep("link to set SSO up", link.rpartition("=")[2].rpartition("/")[2])
    known.keep("management key of a copy", post("/v1/mgmt/project/clone", {"name": "Copy"})["managementKey"])


def _impersonated(place: Place, known: Everything, key: str, real: str, other: str) -> None:
    """Let one user act in the name of another, and stop."""
    mgmt = "/v1/mgmt"
    for path, body in (
        (f"{mgmt}/permission/create", {"name": "Impersonate"}),
        (f"{mgmt}/role/create", {"name": "support", "permissionNames": ["Impersonate"]}),
        (f"{mgmt}/user/update/role/set", {"loginId": other, "roleNames": ["support"]}),
    ):
        assert place.api.post(path, key, body).status == 200
    named = {"loginId": real, "impersonatorId": other}
    token = place.api.post(f"{mgmt}/impersonate", key, named).body["jwt"]
    known.keep("token in another's name", token)
    known.keep("token after it", place.api.post(f"{mgmt}/stop/impersonation", key, {"jwt": token}).body["jwt"])


def _management_refuses(place: Place, known: Everything, key: str) -> None:
    """Send management calls that are refused, with secrets where they belong and where they do not."""
    stray = known.keep("secret in a refused management call", f"stray-{secrets.token_urlsafe(32)}")
    calls: tuple[tuple[str, object], ...] = (
        ("/v1/mgmt/jwt/update", {"jwt": stray}),
        ("/v1/mgmt/stop/impersonation", {"jwt": stray}),
        ("/v1/mgmt/user/password/set/active", {"loginId": "nobody", "password": stray}),
        ("/v1/mgmt/user/create/batch", {"users": [{"loginId": 1, "password": stray, "seed": stray}]}),
        ("/v1/mgmt/user/import", {"source": "auth0", "users": stray, "hashes": stray}),
        ("/v1/mgmt/sso/oidc", {"tenantId": "nowhere", "settings": {"name": "x", "clientSecret": stray}}),
        ("/v2/mgmt/connector/audit/web/set", {"name": "x", "url": "http://10.0.0.1", "hmacSecret": stray}),
        (
            "/v1/mgmt/project/snapshot/import",
            {"files": {}, "inputSecrets": {"connectors": [{"id": "a", "value": stray}]}},
        ),
        ("/v1/mgmt/accesskey/rotate", {"id": stray}),
    )
    for path, body in calls:
        answer = place.api.post(path, key, body)
        assert 400 <= answer.status < 500, (path, answer.status, answer.content)
        if path != "/v1/mgmt/accesskey/rotate":
            known.refusals.append(answer)
    known.refusals.append(place.api.get("/v1/mgmt/user?loginId=nobody", stray))


def _audit_as_shown(place: Place, key: str) -> bytes:
    """Return all events as management is shown them."""
    answer = place.api.post("/v1/mgmt/audit/search", key, {})
    assert answer.status == 200
    actions = {each["action"] for each in answer.body["audits"]}
    assert {"access_key.rotated", "impersonation.started", "embedded_link.generated", "test_user.generated"} <= actions
    return answer.content


def _shown_later(place: Place, key: str) -> bytes:
    """Return what management reads of all that it made."""
    gets = ("/v1/mgmt/managementkey/search", "/v1/mgmt/tenant/all", "/v1/mgmt/avow/project/settings")
    searches = (
        "/v1/mgmt/accesskey/search",
        "/v2/mgmt/user/search",
        "/v2/mgmt/user/search/test",
        "/v1/mgmt/project/export",
    )
    answers = [place.api.get(path, key) for path in gets]
    answers += [place.api.post(path, key, {}) for path in searches]
    for tenant in place.api.get("/v1/mgmt/tenant/all", key).body["tenants"]:
        answers.append(place.api.get(f"/v2/mgmt/sso/settings?tenantId={tenant['id']}", key))
    assert {answer.status for answer in answers} == {200}
    return b"\n".join(answer.content for answer in answers)


def _unhappy_path(place: Place, known: Everything) -> None:
    """Show secrets where they do not belong, and wrong ones where they do."""
    api, carrier = place.api, place.api.carrier
    stray = [known.keep(f"stray secret {number}", f"stray{number}-{secrets.token_urlsafe(32)}") for number in range(10)]
    project = {"authorization": f"Bearer {api.project_id}"}
    as_json = {**project, "content-type": "application/json"}
    ended = next(secret for name, secret in known.secrets.items() if "refresh token" in name and secret.count(".") == 2)
    attempts = [
        Wish("GET", f"/v1/auth/me?token={stray[0]}&password={stray[1]}", project),
        Wish("GET", f"/v1/auth/{stray[2]}", project),
        Wish("POST", "/v1/auth/otp/verify/email", as_json, f'{{"loginId": 1, "code": "{stray[3]}"}}'.encode()),
        Wish("POST", "/v1/auth/otp/verify/email", as_json, f'{{"password": "{stray[4]}", '.encode()),
        Wish("POST", "/v1/auth/magiclink/verify", as_json, f'{{"token": ["{stray[5]}"]}}'.encode()),
        Wish("POST", "/v1/auth/magiclink/verify", as_json, f'{{"token": "{stray[6]}"}}'.encode()),
        Wish("GET", "/v1/auth/me", {"authorization": f"Basic {stray[7]}"}),
        Wish("GET", "/v1/auth/me", {"authorization": f"Bearer {api.project_id}:{stray[8]}"}),
        Wish("GET", "/v1/auth/me", {**project, "cookie": f"DSR={stray[9]}"}),
        Wish("GET", "/v1/mgmt/avow/project/settings", {"authorization": f"Bearer {api.project_id}:{stray[8]}"}),
        Wish("GET", "/v1/auth/me", {"authorization": f"Bearer {stray[8]}"}),
        api.wish("POST", "/v1/auth/refresh", ended),
        api.wish("GET", "/v1/auth/me", ended + "x"),
        Wish("GET", "/v1/auth/me", {**project, "x-descope-project-id": stray[8], "x-long": stray[8] * 900}),
        Wish("POST", "/v1/auth/otp/signup/email", as_json, f'{{"loginId": "{stray[8]}"}}'.encode()),
    ]
    for wish in attempts:
        answer = carrier.send(wish)
        assert 400 <= answer.status < 500, (wish, answer.status)
        known.refusals.append(answer)


def _troubled_delivery(place: Place, known: Everything, mail: SmtpSink, sms: SmsSink) -> None:
    """Have the mail server and the gateway say no, so that the courier has something to complain about."""
    mail.mode, mail.later_count = SmtpMode.LATER, 1
    address, phone = new_email(), new_phone()
    assert place.api.post("/v1/auth/otp/signup/email", body={"loginId": address}).status == 200
    known.keep("code that was delivered late", _code(mail, address))
    sms.mode = SmsMode.HTML
    before = len(sms.requests)
    assert place.api.post("/v1/auth/otp/signup/sms", body={"loginId": phone}).status == 200
    _wait(lambda: len(sms.requests) > before)
    known.keep("code that was not delivered", _CODE.findall(sms.requests[-1].form["Body"])[0])
    mail.mode = SmtpMode.REFUSE
    tries = mail.tries
    refused = place.api.post("/v1/auth/magiclink/signup/email", body={"loginId": new_email()})
    assert refused.status == 200
    _wait(lambda: mail.tries > tries)


# --- What was said ---------------------------------------------------------------------------------------------


def _said(production: Production) -> dict[str, bytes]:
    process, place = production.running.process, production.place
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    url = production.installation.variables["AVOW_DATABASE_URL"]
    return {
        "log": production.running.log.read_bytes(),
        "standard output": process.stdout.read() or b"",
        "metrics": place.api.get("/metrics").content,
        "audit": str(read_table(url, "SELECT * FROM audit_events")).encode(),
    }


class _Post:
    """Letters to many addresses, each read once."""

    def __init__(self, mail: SmtpSink) -> None:
        self._mail = mail
        self._seen: dict[str, int] = {}

    def code(self, address: str) -> str:
        """Return the code in the next letter to an address."""
        return _CODE.findall(self._next(address))[0]

    def link(self, address: str) -> str:
        """Return the link in the next letter to an address."""
        return _LINK.findall(self._next(address))[0]

    def _next(self, address: str) -> str:
        seen = self._seen.get(address, 0)
        _wait(lambda: len(self._mail.to(address)) > seen)
        self._seen[address] = seen + 1
        return self._mail.to(address)[seen].text


def _code(mail: SmtpSink, address: str) -> str:
    _wait(lambda: bool(mail.to(address)))
    return _CODE.findall(mail.to(address)[-1].text)[0]


def _links(mail: SmtpSink, address: str, seen: int) -> list[str]:
    _wait(lambda: len(mail.to(address)) > seen)
    return _LINK.findall(mail.to(address)[-1].text)


def _wait(holds: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "nothing arrived"
        time.sleep(0.02)
