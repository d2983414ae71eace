"""Executable notebooks."""
