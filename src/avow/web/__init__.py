"""What browsers load: the sources (`*.mjs`, with their types beside them), and `served/`, generated from them."""
