"""The environment variables of the SDK, read in this one place: our own names first, then the contract's."""

import os

__all__ = ["auth_management_key", "base_url", "management_key", "project_id", "public_key", "public_url"]


def project_id() -> str:
    """Return the project id, or ""."""
    return _first("AVOW_PROJECT_ID", "DESCOPE_PROJECT_ID")


def public_key() -> str:
    """Return one JWK as JSON, or ""."""
    return _first("AVOW_PUBLIC_KEY", "DESCOPE_PUBLIC_KEY")


def management_key() -> str:
    """Return the management key, or ""."""
    return _first("AVOW_MANAGEMENT_KEY", "DESCOPE_MANAGEMENT_KEY")


def auth_management_key() -> str:
    """Return the key that goes with sign-in calls, or ""."""
    return _first("AVOW_AUTH_MANAGEMENT_KEY", "DESCOPE_AUTH_MANAGEMENT_KEY")


def base_url() -> str:
    """Return the address of the server, or ""."""
    return _first("AVOW_BASE_URL", "DESCOPE_BASE_URI")


def public_url() -> str:
    """Return the address at which browsers reach the server, where it is another one, or ""."""
    return _first("AVOW_PUBLIC_URL")


def _first(*names: str) -> str:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
