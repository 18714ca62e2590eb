"""One file a section: checked keys in, parts of the settings out."""
