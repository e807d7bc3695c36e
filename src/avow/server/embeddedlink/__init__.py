"""Embedded links: tokens that management hands to the application, and magic links take back."""
