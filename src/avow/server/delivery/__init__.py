"""Messages on their way to people: the outbox, the courier that empties it, the senders, and the words."""
