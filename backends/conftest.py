"""What pytest must know before it looks into the packages: modules that need Numba wait for it."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("numba") else ["minitorch_backends/compiled/*.py"]
