"""The providers that are known by name: where they are, and how they differ from the books.

Addresses and claims are those of each provider's own documentation, read in November 2026. What a provider says of
itself by discovery is not repeated here.
"""

from collections.abc import Mapping
from typing import Final

from avow.server.social.stored import Settings

__all__ = ["GENERIC", "KINDS", "kind_of"]

_EMAIL: Final = ("openid", "email", "profile")

KINDS: Final[Mapping[str, Settings]] = {
    "google": Settings(
        kind="google",
        display_name="Google",
        issuer="https://accounts.google.com",
        hosts=("oauth2.googleapis.com", "www.googleapis.com", "openidconnect.googleapis.com"),
        scopes=_EMAIL,
    ),
    # Its common endpoint serves every organisation; each signs as an issuer of its own. It says nothing of whether an
    # address is verified, so that none is: an administrator of any organisation writes what they like there.
    "microsoft": Settings(
        kind="microsoft",
        display_name="Microsoft",
        issuer="https://login.microsoftonline.com/{tenantid}/v2.0",
        discovery_url="https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
        hosts=("graph.microsoft.com",),
        scopes=_EMAIL,
    ),
    # The answer comes as a form once the name is asked for. Its documentation allows the text "true" for a flag.
    "apple": Settings(
        kind="apple",
        display_name="Apple",
        issuer="https://appleid.apple.com",
        scopes=("openid", "name", "email"),
        client_auth="apple",
        form_post=True,
        takes_text_flags=True,
    ),
    "gitlab": Settings(kind="gitlab", display_name="GitLab", issuer="https://gitlab.com", scopes=_EMAIL),
    # Its OpenID endpoints fail with a code challenge once an application has PKCE switched on; the nonce does its work.
    "slack": Settings(kind="slack", display_name="Slack", issuer="https://slack.com", scopes=_EMAIL, uses_pkce=False),
    "twitch": Settings(
        kind="twitch",
        display_name="Twitch",
        issuer="https://id.twitch.tv/oauth2",
        scopes=("openid", "user:read:email"),
        client_auth="post",
        parameters={
            "claims": '{"id_token":{"email":null,"email_verified":null,"preferred_username":null,"picture":null}}'
        },
        claims={"name": "preferred_username"},
    ),
    # Its ID tokens carry no nonce, so that they prove less than its user endpoint does.
    "linkedin": Settings(
        kind="linkedin",
        protocol="oauth2",
        display_name="LinkedIn",
        issuer="https://www.linkedin.com/oauth",
        authorization_url="https://www.linkedin.com/oauth/v2/authorization",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",  # an address
        user_url="https://api.linkedin.com/v2/userinfo",
        scopes=_EMAIL,
        client_auth="post",
        uses_pkce=False,
    ),
    "github": Settings(
        kind="github",
        protocol="oauth2",
        display_name="GitHub",
        issuer="https://github.com",
        authorization_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # an address
        user_url="https://api.github.com/user",
        emails_url="https://api.github.com/user/emails",
        scopes=("read:user", "user:email"),
        client_auth="post",
        claims={"subject": "id", "picture": "avatar_url"},
    ),
    # It says nothing of whether an address is verified, so that none is.
    "facebook": Settings(
        kind="facebook",
        protocol="oauth2",
        display_name="Facebook",
        issuer="https://www.facebook.com",
        authorization_url="https://www.facebook.com/v23.0/dialog/oauth",
        token_url="https://graph.facebook.com/v23.0/oauth/access_token",  # an address
        user_url="https://graph.facebook.com/v23.0/me",
        user_parameters={"fields": "id,name,first_name,middle_name,last_name,email,picture.type(large)"},
        scopes=("email", "public_profile"),
        client_auth="post",
        claims={
            "subject": "id",
            "given_name": "first_name",
            "middle_name": "middle_name",
            "family_name": "last_name",
            "picture": "picture.data.url",
        },
    ),
    "discord": Settings(
        kind="discord",
        protocol="oauth2",
        display_name="Discord",
        issuer="https://discord.com",
        authorization_url="https://discord.com/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",  # an address
        user_url="https://discord.com/api/v10/users/@me",
        scopes=("identify", "email"),
        client_auth="post",
        claims={"subject": "id", "email_verified": "verified", "name": "global_name"},
    ),
    "bitbucket": Settings(
        kind="bitbucket",
        protocol="oauth2",
        display_name="Bitbucket",
        issuer="https://bitbucket.org",
        authorization_url="https://bitbucket.org/site/oauth2/authorize",
        token_url="https://bitbucket.org/site/oauth2/access_token",  # an address
        user_url="https://api.bitbucket.org/2.0/user",
        emails_url="https://api.bitbucket.org/2.0/user/emails",
        scopes=("account", "email"),
        client_auth="basic",
        claims={"subject": "uuid", "name": "display_name", "picture": "links.avatar.href"},
    ),
    # It gives addresses only to applications that X allows to ask for them; they are not asked for.
    "x": Settings(
        kind="x",
        protocol="oauth2",
        display_name="X",
        issuer="https://x.com",
        authorization_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",  # an address
        user_url="https://api.x.com/2/users/me",
        user_parameters={"user.fields": "profile_image_url"},
        scopes=("users.read", "tweet.read"),
        client_auth="basic",
        claims={
            "subject": "data.id",
            "name": "data.name",
            "picture": "data.profile_image_url",
        },
    ),
}

GENERIC: Final[Mapping[str, Settings]] = {
    "oidc": Settings(kind="oidc", scopes=_EMAIL),
    "oauth2": Settings(kind="oauth2", protocol="oauth2"),
}


def kind_of(name: str) -> Settings | None:
    """Return what a kind adds, or None where there is no such kind."""
    return KINDS.get(name) or GENERIC.get(name)
