"""The operations, one file for each kind; public functions take tensors and raw arrays alike.

Files import only from files further up in this list: arguments, shape, arrange, kinds, elementwise,
analytic, logic, reduce, indexing, linalg, window, conv, pool, norm, loss.
"""
