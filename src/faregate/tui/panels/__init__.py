"""What panels say: a view and a size in, lines out. No panel knows another."""
