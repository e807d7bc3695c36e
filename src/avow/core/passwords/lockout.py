"""For how long wrong passwords in a row keep further ones from being looked at. No I/O, no clock.

The count goes on through locks, and each series of wrong ones locks for twice as long as the one before, up to a day.
A right one, another password, or a day without any begins it anew.

Spec: NIST SP 800-63B-4 section 3.2.2 (at most 100 failed attempts in a row); OWASP ASVS 5.0, 6.3.1.
"""

from typing import Final

from avow.wire.passwords import PasswordSettings

__all__ = ["CEILING", "FIRST_SECONDS", "LONGEST_SECONDS", "lock_seconds", "series_of"]

CEILING: Final = 100  # where the settings lock nothing
FIRST_SECONDS: Final = 900
LONGEST_SECONDS: Final = 86_400


def series_of(settings: PasswordSettings) -> int:
    """Return after how many wrong passwords in a row an account is locked for a while."""
    return settings.lock_attempts if settings.lock else CEILING


def lock_seconds(failures: int, series: int) -> int:
    """Return for how long the last of so many wrong passwords locks; 0 when it ends no series."""
    if failures % series:
        return 0
    doublings = min(failures // series - 1, 30)  # far beyond the longest already
    return min(FIRST_SECONDS << doublings, LONGEST_SECONDS)
