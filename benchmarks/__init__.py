"""How fast the model is, on one named workload: ``python -m benchmarks`` from the folder of the source."""
