"""Passkeys: whom they are for, what browsers are asked, and the judgement of what they answer. No I/O, no clock."""
