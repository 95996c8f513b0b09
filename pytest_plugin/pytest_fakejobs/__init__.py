"""pytest fixtures for code that uses Hugging Face Jobs."""
