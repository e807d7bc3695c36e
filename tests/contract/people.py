"""Whom the contract tests speak of: people who signed in through the official SDK, their addresses and refusals."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from descope import AuthException, DeliveryMethod

from avow.core import addresses
from tests.contract.shapes import OPERATIONS
from tests.factories import new_email, new_phone

EMAIL, SMS = DeliveryMethod.EMAIL, DeliveryMethod.SMS
METHOD_OF = {each.name.lower(): each for each in DeliveryMethod}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in through the official SDK."""

    login_id: str
    session: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.session["userId"])

    @property
    def session_jwt(self) -> str:
        return str(self.session["sessionToken"]["jwt"])

    @property
    def refresh_jwt(self) -> str:
        return str(self.session["refreshSessionToken"]["jwt"])


def by_method(operation: str) -> Any:
    """Run a test once for each delivery method that the contract has for an operation."""
    return pytest.mark.parametrize("name", OPERATIONS[operation]["path_values"]["method"])


def new_address(name: str) -> str:
    return new_email() if name == "email" else new_phone()


def masked(name: str, address: str) -> str:
    return addresses.masked_email(address) if name == "email" else addresses.masked_phone(address)


def masked_field(name: str) -> str:
    return "maskedEmail" if name == "email" else "maskedPhone"


def error_code(refused: pytest.ExceptionInfo[AuthException]) -> str:
    """Return the code in the body, which the official SDK hands on as text."""
    return str(json.loads(refused.value.error_message or "")["errorCode"])
