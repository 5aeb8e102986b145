"""``python -m minitorch_cnn.gpu_check``."""

import sys

from minitorch_cnn.gpu_check.program import main

if __name__ == "__main__":
    sys.exit(main())
