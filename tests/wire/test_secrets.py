"""What a shape holds in secret does not show when the shape is printed."""

import importlib
import pkgutil
import re
from typing import Any

import msgspec
import pytest
from msgspec import UNSET
from rich.pretty import pretty_repr

import avow
from avow.wire.enchantedlink import PendingLink
from avow.wire.endpoint import Shape
from avow.wire.otp import VerifyCode
from avow.wire.secret import Secret
from avow.wire.sessions import JwtResponse

# Fields of these names hold what signs somebody in, or opens something.
_SECRETS = re.compile(
    r"(?:.*_)?(?:code|codes|token|tokens|jwt|secret|secrets|password|passwords|assertion|verifier|seed)"
    r"|t|form|pending_ref|(?:.*_)?(?:secret|management|access|private)_keys?|(?:refresh|session)_cookie|cleartext"
)
_OPEN = {
    ("Application", "secrets"): "says when each ends",
    ("SecretMetas", "secrets"): "says when each ends",
    ("ErrorEnvelope", "error_code"): "names a situation",
    ("_Brought", "password"): "is a shape that hides its secret itself",
    ("_Envelope", "error_code"): "names a situation",
    ("ClientMetadata", "dpop_bound_access_tokens"): "is a switch",
    ("Details", "id_token"): "names claims",
    ("Handler", "form"): "says how its function is run",
    ("Line", "code"): "names a situation",
    ("TemplateIssue", "code"): "names a situation",
    ("_Answer", "code"): "is the gateway's number for a situation",
    ("_Answer", "error_code"): "is the gateway's number for a situation",
    ("UserResponse", "password"): "says that there is one",
    ("Validated", "missing_secrets"): "names those that are missing",
}


def _every_struct(root: type[Any] = msgspec.Struct) -> set[type[Any]]:
    below = root.__subclasses__()
    return {each for each in below if each.__module__.startswith("avow.")}.union(*map(_every_struct, below))


def _all_of_avow() -> list[type[Any]]:
    for part in ("cli", "sdk", "server", "wire"):
        for module in pkgutil.walk_packages([f"{avow.__path__[0]}/{part}"], f"avow.{part}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    return sorted(_every_struct(), key=lambda each: (each.__module__, each.__qualname__))


def _filled(struct: type[Any]) -> Any:
    """Return an instance whose fields hold their own names; constructors of msgspec look at no types."""
    return struct(**{name: f"marked {name}" for name in struct.__struct_fields__})


STRUCTS = _all_of_avow()


def test_every_shape_is_looked_at() -> None:
    assert {JwtResponse, VerifyCode} <= set(STRUCTS)
    assert len([each for each in STRUCTS if issubclass(each, Shape)]) > 30


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda each: f"{each.__module__}.{each.__qualname__}")
def test_no_secret_of_a_shape_shows(struct: type[Any]) -> None:
    filled = _filled(struct)
    named = [name for name in struct.__struct_fields__ if _SECRETS.fullmatch(name)]
    for name in (each for each in named if (struct.__name__, each) not in _OPEN):
        assert f"'marked {name}'" not in repr(filled)
        assert f"'marked {name}'" not in pretty_repr(filled)


def test_exceptions_exist() -> None:
    names = {(struct.__name__, name) for struct in STRUCTS for name in struct.__struct_fields__}
    assert set(_OPEN) <= names


def test_shape_shows_everything_else() -> None:
    assert repr(VerifyCode(login_id="ann", code="123456")) == "VerifyCode(login_id='ann', code=...)"
    assert repr(PendingLink(link_id="17", pending_ref="handle")).startswith(
        "PendingLink(link_id='17', pending_ref=...,"
    )


def test_secret_that_is_missing_is_seen_to_be() -> None:
    assert "session_jwt=UNSET, refresh_jwt=..." in repr(JwtResponse(refresh_jwt="ey"))
    assert JwtResponse().session_jwt is UNSET


def test_field_is_hidden_where_its_type_is_a_union_or_has_bounds() -> None:
    class Sample(Shape, frozen=True, kw_only=True):
        one: Secret | None = None
        many: tuple[Secret, ...] = ()
        other: str = ""

    assert repr(Sample(one="a", many=("b",), other="c")).endswith("Sample(one=..., many=..., other='c')")
