"""Loops: a conversation that goes in circles, told from one that gets on."""
