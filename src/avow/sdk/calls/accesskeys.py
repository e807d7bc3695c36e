"""The call of a machine that holds an access key."""

import re
from collections.abc import Mapping

from avow.sdk.answers import AuthBody, auth_body
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.sdk.options import AccessKeyLoginOptions
from avow.wire import accesskeys

__all__ = ["exchange"]

_KEY = re.compile(r"[A-Za-z0-9_.~+/=-]+")


def exchange(access_key: str, login_options: AccessKeyLoginOptions | None) -> Call[AuthBody]:
    """Return the call that exchanges an access key; nothing comes of it on the server, so it is repeatable.

    Raises:
        InvalidArgument: There is no key, or it has characters that no key has.
    """
    if not _KEY.fullmatch(text_of("access_key", access_key)):
        raise refused("The access key is not an access key.")
    options = login_options or AccessKeyLoginOptions()
    if options.custom_claims is not None and not isinstance(options.custom_claims, Mapping):
        raise refused("custom_claims is no mapping.")
    body = accesskeys.ExchangeAccessKey(
        login_options=accesskeys.KeyLoginOptions(
            custom_claims=None if options.custom_claims is None else dict(options.custom_claims),
            selected_tenant=options.selected_tenant,
        )
    )
    return call(accesskeys.EXCHANGE, body, auth_body, token=access_key, is_repeatable=True)
