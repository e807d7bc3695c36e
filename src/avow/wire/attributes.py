"""Custom attributes: what a project defines, and the routes of those of users."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Flag, Name
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "CREATE_OF_USERS",
    "DELETE_OF_USERS",
    "ENDPOINTS",
    "LOAD_OF_USERS",
    "AttributeDefinition",
    "AttributeNames",
    "AttributeOption",
    "CustomAttribute",
    "CustomAttributes",
    "DefineAttributes",
]

AttributeName = Annotated[str, Meta(min_length=1, max_length=64)]
Names = Annotated[tuple[AttributeName, ...], Meta(max_length=100)]


class AttributeDefinition(Shape, frozen=True, kw_only=True):
    """An attribute to be defined.

    Attributes:
        name: Its key in `customAttributes`.
        display_name: Its name for people.
        type: `string`, `number`, `boolean`, `date`, `singleselect` or `multiselect`.
        required: Forms ask for it.
        options: What the select types choose from.
    """

    name: AttributeName
    display_name: Name | None = None
    type: Name
    required: Flag = None
    options: Annotated[tuple[Name, ...], Meta(max_length=500)] | None = None


class DefineAttributes(Shape, frozen=True, kw_only=True):
    """Attributes to be defined, all or none."""

    attributes: Annotated[tuple[AttributeDefinition, ...], Meta(max_length=100)] | None = None


class AttributeNames(Shape, frozen=True, kw_only=True):
    """Attributes to be removed, with every value of them."""

    names: Names | None = None


class AttributeOption(Shape, frozen=True, kw_only=True):
    """One choice of a select attribute."""

    value: str
    label: str


class CustomAttribute(Shape, frozen=True, kw_only=True):
    """A defined attribute.

    Attributes:
        name: Its key in `customAttributes`.
        type: 1 string, 2 number, 3 boolean, 4 single select, 5 multi-select, 6 date.
        options: What the select types choose from.
        display_name: Its name for people.
        default_value: Always null: an attribute that was not set is absent.
        view_permissions: Who may see it; empty for everybody.
        edit_permissions: Who may change it; empty for everybody.
    """

    name: str
    type: int
    options: tuple[AttributeOption, ...] = ()
    display_name: str = ""
    default_value: object = None
    view_permissions: tuple[str, ...] = ()
    edit_permissions: tuple[str, ...] = ()


class CustomAttributes(Shape, frozen=True, kw_only=True):
    """All defined attributes, in the order of their names."""

    data: tuple[CustomAttribute, ...] = ()


CREATE_OF_USERS = Endpoint(
    "mgmt.user.create_custom_attribute",
    "POST",
    "/v1/mgmt/user/customattribute/create",
    DefineAttributes,
    CustomAttributes,
    Caller.MANAGEMENT,
)
DELETE_OF_USERS = Endpoint(
    "mgmt.user.delete_custom_attribute",
    "POST",
    "/v1/mgmt/user/customattribute/delete",
    AttributeNames,
    CustomAttributes,
    Caller.MANAGEMENT,
)
LOAD_OF_USERS = Endpoint(
    "mgmt.user.load_custom_attributes",
    "GET",
    "/v1/mgmt/user/customattributes",
    Nothing,
    CustomAttributes,
    Caller.MANAGEMENT,
    only_reads=True,
    for_tenant_admins=True,
)

ENDPOINTS = (CREATE_OF_USERS, DELETE_OF_USERS, LOAD_OF_USERS)
