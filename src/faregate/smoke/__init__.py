"""The provider smoke test and the simulated provider."""
