"""An app with user models of a project's own."""
