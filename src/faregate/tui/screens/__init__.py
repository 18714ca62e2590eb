"""Screens: they arrange widgets and listen to kinds of news."""
