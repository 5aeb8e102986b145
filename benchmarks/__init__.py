"""Measurements, run by hand: ``python -m benchmarks.engine``. Nothing here is a test."""
