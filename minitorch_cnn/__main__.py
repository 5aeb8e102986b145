"""``python -m minitorch_cnn``: the same as the command ``minitorch-cnn``."""

import sys

from minitorch_cnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
