"""Market files that scenarios refer to."""
