"""Wire codecs without I/O: bytes in, events out."""
