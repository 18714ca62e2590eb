"""Widgets that paint lines; what the lines say is made elsewhere."""
