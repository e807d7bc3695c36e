"""Snapshots: a project's configuration as files, taken over by another project; its copy and its end."""
