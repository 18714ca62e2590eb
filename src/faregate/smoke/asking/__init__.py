"""One request of the smoke test: priced, held for, sent, timed, read and booked."""
