"""The frameworks, each with the same nets in its own words; see ``works.py``.

A peer has ``build(work)``, which gives a function that does the work once and returns the loss (or
an array of results), and ``version()``. It imports its own framework and ``works``, no other peer.
"""
