"""What other slices may ask of passwords: the whole of a sign-up, a sign-in or a reset, with every rule of theirs."""

from avow.server.password.handlers import send_reset, sign_in, sign_up

__all__ = ["send_reset", "sign_in", "sign_up"]
