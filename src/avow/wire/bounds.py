"""How long the strings of a request may be; longer ones are refused before anything looks at them."""

from typing import Annotated, Final

from msgspec import Meta

from avow.wire.secret import SECRET

__all__ = [
    "END",
    "Address",
    "Claims",
    "Code",
    "Flag",
    "LoginId",
    "Name",
    "Options",
    "Phone",
    "Reference",
    "SecretReference",
    "SecretText",
    "Text",
    "Url",
]

# Ends a pattern: `$` is in Python the place before a last line break as well, and `\Z` is nothing to readers of JSON
# schemas.
END: Final = r"(?![\s\S])"

LoginId = Annotated[str, Meta(min_length=1, max_length=320)]
Address = Annotated[str, Meta(min_length=1, max_length=320)]
Phone = Annotated[str, Meta(min_length=1, max_length=64)]
Code = Annotated[str, Meta(min_length=1, max_length=64, extra=SECRET)]
Reference = Annotated[str, Meta(min_length=1, max_length=512)]
SecretReference = Annotated[str, Meta(min_length=1, max_length=512, extra=SECRET)]

# What the official clients send empty when it was not given has no lower bound.
Name = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=320)]
SecretText = Annotated[str, Meta(max_length=320, extra=SECRET)]
Url = Annotated[str, Meta(max_length=2048)]

Flag = bool | None
Claims = Annotated[dict[str, object], Meta(max_length=100)]
Options = Annotated[dict[str, object], Meta(max_length=100)]
