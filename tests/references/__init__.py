"""Reference values from PyTorch: case tables, stored values, and the script that made them.

A case is a small computation written once, against the names that PyTorch and minitorch_cnn share.
`make.py` runs every case with PyTorch and stores what comes out; the tests run the same cases with
minitorch_cnn and compare. Only `make.py` imports PyTorch, only `library.py` imports
minitorch_cnn.
"""
