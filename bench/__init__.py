"""Benchmarks of Stagewire's engine and of the programs it is measured against."""
