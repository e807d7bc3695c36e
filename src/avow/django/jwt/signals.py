"""The signals of the JWT layer; each sender is the name of a view class, as text.

Every signal carries `request`. Beside it: `jwt_logged_in`, `jwt_access_refreshed` and `jwt_refresh_updated` carry
`refresh_claims` and `access_claims`, `jwt_login_fail` carries `error`, `jwt_blacklisted` carries `jti`.
"""

from django.dispatch import Signal

__all__ = [
    "jwt_access_refreshed",
    "jwt_blacklisted",
    "jwt_logged_in",
    "jwt_login_fail",
    "jwt_refresh_updated",
    "jwt_token_validated",
]

jwt_logged_in = Signal()
jwt_login_fail = Signal()
jwt_blacklisted = Signal()
jwt_token_validated = Signal()
jwt_access_refreshed = Signal()
jwt_refresh_updated = Signal()
