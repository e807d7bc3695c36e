"""Every answer fits what `/openapi.json` says of it, whatever is asked and by whom, and none is a fault of the server.

schemathesis makes the requests from the description, right and wrong ones. Each operation is called by those it is
for, half of the time with names of what is there, and by others. After a few requests a new project takes the place of
the one before, of which little may be left: users deleted, keys taken back, the project itself gone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.core.failures import Failure
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from avow.errors import NotSupported
from avow.server.wsgi import WsgiApp
from avow.testing.server import Avow, Server
from avow.wire.endpoint import Caller
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED
from tests.bed.plugin import DATABASES
from tests.factories import join_tenant, make_access_key, make_role, make_tenant, make_user, new_email, new_phone
from tests.security.place import NO_LIMITS
from tests.server.api import Api, Reply

Rounds = Callable[[int, int], int]
Operation = Any  # schemathesis.APIOperation of a document of OpenAPI 3.1

CALLERS = {**{row.id: row.caller for row in ENDPOINTS}, **{row.id: row.caller for row in UNSUPPORTED}}
NOT_SUPPORTED = frozenset(row.id for row in UNSUPPORTED)
AREAS = sorted({row_id.rpartition(".")[0] for row_id in CALLERS})
# Requests per operation and database, in a normal run and in a full one; and of all of them, what the issue states.
ASKED, ASKED_OF_UNSUPPORTED, STATED = (4, 42), (2, 12), (2_000, 20_000)

_CHECKS = [content_type_conformance, response_headers_conformance, response_schema_conformance]
_PEER = {"REMOTE_ADDR": "203.0.113.7"}
_NAME = "familiar"
_MOST_IN_PLACE = 6
_UNCHECKED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


# --- Who calls, and of what --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A project with something in it.

    Attributes:
        api: Its routes.
        tokens: What its callers carry beside the project's id.
        familiar: Names of what is there, by the fields that name it.
        ids: What `id` is in an area.
    """

    api: Api
    tokens: Mapping[Caller, str]
    familiar: Mapping[str, str]
    ids: Mapping[str, str]

    def authorization(self, kind: Caller) -> str:
        """Return the header of a caller of this kind."""
        return f"Bearer {self.api.avow.project_id}:{self.tokens.get(kind, '')}".removesuffix(":")

    def acquaint(self, case: Any, area: str) -> None:
        """Have a request name what is there."""
        known = {**self.familiar, **({"id": self.ids[area]} if area in self.ids else {})}
        known["ids"] = known.get("id", "")
        case.path_parameters = _with_names(case.path_parameters, known)
        case.query, case.body = _with_names(case.query, known), _with_names(case.body, known)


def _furnished(avow: Avow) -> Place:
    """Return a project with one thing of each kind."""
    api, email, phone = Api(avow), new_email(), new_phone()
    tenant_id = make_tenant(avow)
    role_id = make_role(avow, _NAME, [_NAME])
    user_id = make_user(avow, email, phone=phone)
    join_tenant(avow, user_id, tenant_id, [role_id])
    key_id, secret = make_access_key(avow)

    def made(path: str, **body: object) -> Reply:
        return api.post(f"/v1/mgmt/{path}", body, token=avow.management_key)

    list_id = made("list", name=_NAME, type="ips", data=["10.0.0.1"])["list"]["id"]
    template_id = made("jwt/templates/create", template={"name": _NAME})["template"]["id"]
    made("user/customattribute/create", attributes=[{"name": _NAME, "type": "string"}])
    signed = made("auth/signin", loginId=email)
    tokens = {
        Caller.SESSION: signed["refreshJwt"],
        Caller.MANAGEMENT: avow.management_key,
        Caller.ACCESS_KEY: secret,
    }
    familiar = {
        **dict.fromkeys(("loginId", "loginIds", "identifier", "impersonatorId", "actorId"), email),
        **dict.fromkeys(("email", "recoveryEmail"), new_email()),
        **dict.fromkeys(("phone", "recoveryPhone"), new_phone()),
        **dict.fromkeys(("userId", "userIds", "boundUserId"), user_id),
        **dict.fromkeys(("tenantId", "tenantIds", "tenant", "selectedTenant"), tenant_id),
        **dict.fromkeys(("roleNames", "roleName", "defaultRoles", "permissionNames", "permissions", "name"), _NAME),
        **dict.fromkeys(("names", "attributeKey"), _NAME),
        **dict.fromkeys(("redirectUrl", "URI", "inviteUrl", "redirectURL", "url"), "https://app.example.com/verify"),
        "roleIds": role_id,
        "projectId": avow.project_id,
        "jwt": signed["sessionJwt"],
        "ip": "10.0.0.1",
        "ips": "10.0.0.1",
        "password": "Correct horse 7 battery",
    }
    ids = {"mgmt.tenant": tenant_id, "mgmt.role": role_id, "mgmt.list": list_id, "mgmt.jwt_template": template_id}
    return Place(
        api, tokens, familiar, {**ids, "mgmt.access_key": key_id, "mgmt.management_key": avow.management_key[:27]}
    )


def _with_names(value: Any, familiar: Mapping[str, str]) -> Any:
    """Return a body or query with the names of what is there, where it has such fields."""
    if isinstance(value, list):
        return [_with_names(each, familiar) for each in value]
    if not isinstance(value, dict):
        return value
    named: dict[str, Any] = {}
    for field, old in value.items():
        known = familiar.get(field)
        if known is not None and isinstance(old, str):
            named[field] = known
        elif known is not None and isinstance(old, list):
            named[field] = [known]
        else:
            named[field] = _with_names(old, familiar)
    return named


# --- Requests ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def operations(server: Server) -> Mapping[str, Operation]:
    """Give the operations that a server describes, by their ids."""
    published = Api(server.project()).get("/openapi.json")
    assert published.status == 200
    schema = schemathesis.openapi.from_dict(published.body)
    schema.app = WsgiApp(server.site)
    found: list[Operation] = [result.ok() for result in schema.get_all_operations() if not isinstance(result, Err)]
    return {operation.definition.raw["operationId"]: operation for operation in found}


def _cases(operation: Operation, most: int) -> list[Any]:
    """Return requests of an operation, valid and invalid ones: the same in every run."""
    made: list[Any] = []
    modes = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_UNCHECKED,
    )
    @given(case=strategies.one_of(modes))
    def collect(case: Any) -> None:
        made.append(case)

    collect()
    assert len(made) == most
    return made


def _caller(number: int, rightful: Caller) -> Caller | None:
    """Return who sends the request of this number: mostly whom the operation is for; None is nobody."""
    others = [kind for kind in (Caller.PROJECT, Caller.SESSION, Caller.MANAGEMENT, None) if kind is not rightful]
    return rightful if number % 4 != 3 else others[number // 4 % len(others)]


def _wrongs(operation: Operation, case: Any, place: Place, caller: Caller | None, rightful: Caller) -> Iterator[str]:
    """Send one request; return what is wrong with its answer."""
    headers = {"Authorization": place.authorization(caller)} if caller else None
    answer = case.call(headers=headers, environ_base=_PEER)
    is_entitled = caller is rightful or (rightful is Caller.PROJECT and caller is not None)
    is_unsupported = answer.status_code == 501 and answer.json()["errorCode"] == NotSupported.code
    operation_id = operation.definition.raw["operationId"]
    described = operation.definition.raw["responses"]
    status = answer.status_code
    if status >= 500 and not (is_unsupported and is_entitled):
        yield f"answers {status}"
    if not (str(status) in described or 400 <= status < 500):
        yield f"answers {status}, which is not described"
    if rightful is not Caller.ANYONE and caller is None and status < 400:
        yield "answers nobody"
    if rightful is Caller.MANAGEMENT and caller is not rightful and status not in (401, 403):
        yield f"answers {status} to {caller}"
    if operation_id in NOT_SUPPORTED and caller is rightful and status != 501 and not _is_invalid(case):
        yield f"answers {status}, not that it is not supported"
    try:
        case.validate_response(answer, checks=_CHECKS)
    except* Failure as failures:
        yield from (f"{status}: {each}" for each in failures.exceptions)


def _is_invalid(case: Any) -> bool:
    """Tell whether the request is meant not to fit the description: its path may then lead nowhere."""
    return bool(case.meta.generation.mode.is_negative)


def _asked(operation: Operation, cases: list[Any], make_project: Callable[..., Avow]) -> Iterator[str]:
    """Send all requests of an operation; return what is wrong with their answers."""
    operation_id = operation.definition.raw["operationId"]
    rightful, area = CALLERS[operation_id], operation_id.rpartition(".")[0]
    for begin in range(0, len(cases), _MOST_IN_PLACE):
        place = _furnished(make_project(**NO_LIMITS))
        for number, case in enumerate(cases[begin : begin + _MOST_IN_PLACE], begin):
            if number % 2:
                place.acquaint(case, area)
            for wrong in _wrongs(operation, case, place, _caller(number, rightful), rightful):
                yield f"{operation_id}: {wrong}\n{case.as_curl_command()}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("area", AREAS)
def test_answers_fit_their_description(
    area: str, make_project: Callable[..., Avow], operations: Mapping[str, Operation], rounds: Rounds
) -> None:
    wrong: list[str] = []
    for operation_id in [each for each in CALLERS if each.rpartition(".")[0] == area]:
        most = rounds(*(ASKED_OF_UNSUPPORTED if operation_id in NOT_SUPPORTED else ASKED))
        operation = operations[operation_id]
        wrong += _asked(operation, _cases(operation, most), make_project)
    assert not wrong, "\n\n".join(wrong)


def test_requests_are_as_many_as_stated() -> None:
    for asked, of_unsupported, stated in zip(ASKED, ASKED_OF_UNSUPPORTED, STATED, strict=True):
        assert (len(ENDPOINTS) * asked + len(UNSUPPORTED) * of_unsupported) * len(DATABASES) >= stated
