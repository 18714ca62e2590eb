"""Captured requests on disk: files that only their owner reads, bounded in all."""
