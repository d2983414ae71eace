"""Documented cases as files: what is told to the model, what it must not know, and what was observed."""
