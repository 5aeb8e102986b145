"""``python -m minitorch_cnn.gpu_check``: does this machine's GPU compute what the CPU computes?

For owners of a GPU. One line for each check and a file ``gpu_report.json`` to attach to a bug
report. Each file here is one group of checks; ``program`` runs them in order, ``report`` says and
writes what they found. Uses the whole package, and CuPy inside functions only; nothing imports it.
"""
