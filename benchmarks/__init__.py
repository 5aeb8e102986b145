"""Measurements, run by hand: ``python -m benchmarks.engine``, ``python -m benchmarks.sharing``.

Nothing here is a test.
"""
