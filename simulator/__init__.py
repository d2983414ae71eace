"""brandsim: what a brand change does to habitual customers."""
