"""What deleted projects leave behind, and how it goes."""
