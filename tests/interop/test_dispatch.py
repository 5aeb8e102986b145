"""SciPy and scikit-learn on tensors, each in a process that sets ``SCIPY_ARRAY_API`` first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("library", "file"), [("scipy", "scipy_cases.py"), ("sklearn", "sklearn_cases.py")]
)
def test_a_library_takes_tensors(library, file):
    pytest.importorskip(library)
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", str(HERE / file)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
