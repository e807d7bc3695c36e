"""Every operation of these areas has a test through the official SDK; one that is added or lost fails here."""

import ast
from pathlib import Path

import pytest

from avow.wire.unsupported import UNSUPPORTED
from tests.contract.shapes import OPERATIONS, misfits

AREAS = (
    "otp.",
    "magiclink.",
    "enchantedlink.",
    "mgmt.access_key.",
    "mgmt.jwt.",
    "mgmt.flow.",
    "mgmt.audit.",
    "mgmt.license.",
    "mgmt.list.",
    "mgmt.management_key.",
    "mgmt.password.",
    "mgmt.permission.",
    "mgmt.project.",
    "mgmt.role.",
    "mgmt.sso.",
    "mgmt.group.",
    "mgmt.tenant.",
    "mgmt.user.",
)
OF_SESSIONS = {
    "keys",
    "exchange_access_key",
    "history",
    "logout",
    "logout_all",
    "me",
    "my_tenants",
    "refresh_session",
    "select_tenant",
    "validate_and_refresh_session",
    "validate_session",
    "validate_permissions",
    "validate_roles",
    "validate_tenant_permissions",
    "validate_tenant_roles",
    "get_matched_permissions",
    "get_matched_roles",
    "get_matched_tenant_permissions",
    "get_matched_tenant_roles",
}
# Families, and applications until their issue.
NOT_SUPPORTED = {row.id for row in UNSUPPORTED if row.id.startswith("mgmt.user.")}
WANTED = sorted((OF_SESSIONS | {name for name in OPERATIONS if name.startswith(AREAS)}) - NOT_SUPPORTED)


def marked() -> set[str]:
    """Return the ids that tests of this folder carry as `pytest.mark.operation`."""
    found: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.operation":
                found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}  # type: ignore[misc]  # ids are texts
    return found


@pytest.mark.parametrize("operation", WANTED)
def test_operation_is_driven_by_the_official_sdk(operation: str) -> None:
    assert operation in marked()


def test_marks_name_operations_of_the_contract() -> None:
    assert marked() <= set(OPERATIONS)


def test_answers_of_another_shape_are_noticed() -> None:
    assert misfits("my_tenants", {"tenants": []}) == []
    assert misfits("my_tenants", {}) == ["my_tenants.tenants is missing"]
    assert misfits("my_tenants", {"tenants": {}}) == ["my_tenants.tenants: {} is no list"]
    assert misfits("my_tenants", {"tenants": [{"id": 7, "name": "", "customAttributes": {}}]})
    assert misfits("otp.verify_code", {"firstSeen": 1, "cookieMaxAge": True})
    assert misfits("otp.sign_up", {}, present=("maskedEmail",)) == ["otp.sign_up.maskedEmail is missing"]
