"""The Embeddings dialect."""
