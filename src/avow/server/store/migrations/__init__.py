"""The series of migrations; each only adds, so that nodes of the release before go on while a new one starts."""
