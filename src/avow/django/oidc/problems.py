"""Why a sign-in came to nothing, in words that say to people what they can do."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

__all__ = ["ADDRESS_MISSING", "ADDRESS_TAKEN", "ANSWER_WRONG", "LOCKED", "MISCONFIGURED", "NOT_ALLOWED", "NO_ACCOUNT"]
__all__ += ["NOT_BEGUN_HERE", "PROVIDER_AWAY", "Problem", "SignInStopped", "problem_of"]

Text: TypeAlias = "str | Promise"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason.

    Attributes:
        code: Its name, for templates and logs.
        status: Of the page.
        title: What happened.
        advice: What somebody can do about it.
        can_retry: Whether another try may help.
    """

    code: str
    status: int
    title: Text
    advice: Text
    can_retry: bool = True


class SignInStopped(Exception):
    """A sign-in came to nothing; `detail` is for logs only.

    Attributes:
        problem: What people are told.
        target: Where somebody wanted to go, "" while nobody knows.
    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem.code}: {detail}" if detail else problem.code)
        self.problem = problem
        self.target = ""


NOT_BEGUN_HERE: Final = Problem(
    "not_begun_here",
    400,
    _("This login cannot go on"),
    _("It was begun in another browser, an hour ago or more, or it is finished already. Please start again."),
)
NOT_ALLOWED: Final = Problem(
    "not_allowed",
    403,
    _("You were not logged in"),
    _("You stopped, or you may not use this application. Start again, or ask whoever looks after your account."),
)
ANSWER_WRONG: Final = Problem(
    "answer_wrong",
    400,
    _("You could not be logged in"),
    _("What the login service answered does not hold. Please start again; if it stays, tell whoever runs this site."),
)
MISCONFIGURED: Final = Problem(
    "misconfigured",
    502,
    _("Login does not work right now"),
    _("The login service does not accept this site. Please tell whoever runs it: the reason is in the site's log."),
)
PROVIDER_AWAY: Final = Problem(
    "provider_away",
    503,
    _("The login service cannot be reached"),
    _("Nothing is wrong with your account. Please try again in a few minutes."),
)
NO_ACCOUNT: Final = Problem(
    "no_account",
    403,
    _("You have no account here"),
    _("You are known to the login service, and this site makes no accounts by itself. Please ask whoever runs it."),
    can_retry=False,
)
LOCKED: Final = Problem(
    "locked",
    403,
    _("Your account is locked"),
    _("Please ask whoever runs this site."),
    can_retry=False,
)
ADDRESS_TAKEN: Final = Problem(
    "address_taken",
    403,
    _("Another account has your e-mail address"),
    _("Log in the way you did before, or ask whoever runs this site to join both accounts."),
    can_retry=False,
)
ADDRESS_MISSING: Final = Problem(
    "address_missing",
    403,
    _("Your e-mail address is not verified"),
    _("This site needs an address that the login service has verified. Verify it there and log in again."),
)

# What providers answer instead of a code; nothing but the words of the standards is believed or shown.
# Spec: RFC 6749 section 4.1.2.1; OpenID Connect Core 1.0 section 3.1.2.6.
_OF_ANSWERS: Final = {
    "access_denied": NOT_ALLOWED,
    "login_required": NOT_ALLOWED,
    "interaction_required": NOT_ALLOWED,
    "consent_required": NOT_ALLOWED,
    "account_selection_required": NOT_ALLOWED,
    "temporarily_unavailable": PROVIDER_AWAY,
    "server_error": PROVIDER_AWAY,
}


def problem_of(error: str) -> Problem:
    """Return the problem that a provider's error stands for: any other one is about how this site asks."""
    return _OF_ANSWERS.get(error, MISCONFIGURED)
