"""Flows: gone through step by step by components and pages, and kept as documents; and the theme of a project.

House-keeping looks in here with every start, so that the handlers, which take long to import, are `handlers.SLICE`.
"""
