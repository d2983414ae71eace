"""What is known about real markets, held against the model: stylised facts, their knock-outs, the scorecard."""
