"""The digest by mail: who gets it, what is in it, how it looks, and that it arrives once."""
