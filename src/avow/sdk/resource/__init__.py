"""Resource servers: what an access token has to be, what it allows, and how a request without one is refused.

No I/O and no framework in it: a verdict is a flow (`avow.sdk.flow`) that asks for the issuer's keys when they are old.
"""
