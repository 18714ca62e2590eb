"""What can go wrong at a provider: one small maker a fault, listed in `table`."""
