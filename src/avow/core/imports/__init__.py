"""Users from elsewhere: files read entry by entry, each turned into a user of ours, without I/O."""
