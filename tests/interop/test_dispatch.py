"""SciPy and scikit-learn on tensors, each in a process that sets ``SCIPY_ARRAY_API`` first.

The examples of the how-to guide that need another library run here, too: those marked as
``python3``, where a comment behind each ``print`` says what it shows.
"""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "how_to" / "interoperate.rst"
EXAMPLES = [
    textwrap.dedent(block)
    for block in re.findall(
        r"^\.\. code-block:: python3\n\n((?:   .*\n|\n)+)",
        PAGE.read_text(encoding="utf-8") if PAGE.exists() else "",
        re.MULTILINE,
    )
]


@pytest.mark.parametrize(
    ("library", "version", "file"),
    [("scipy", "1.17", "scipy_cases.py"), ("sklearn", "1.9", "sklearn_cases.py")],
)
def test_a_library_takes_tensors(library, version, file):
    pytest.importorskip(library, minversion=version)  # earlier ones dispatch less
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", str(HERE / file)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_the_guide(code):
    for library in re.findall(r"^(?:import|from) .*?(einops|scipy|sklearn)", code, re.MULTILINE):
        pytest.importorskip(library)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", code)
