"""TOML in, checked values or clear errors out; and where files live."""
