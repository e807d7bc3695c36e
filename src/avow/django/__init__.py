"""Avow for Django: each part is an app or a package of its own below this one."""
