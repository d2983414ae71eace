"""The claims that the product starts from, held against what is there."""
