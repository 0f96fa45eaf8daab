"""What we were given, checked once."""
