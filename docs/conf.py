"""How the documentation is built: ``make docs``, or ``sphinx-build -n -W docs docs/_build/html``.

Nothing is fetched while building and no built page asks another host for anything; the extension
``self_contained`` fails the build otherwise.
"""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
os.environ.setdefault("MPLBACKEND", "agg")

project = "minitorch_cnn"
author = "the minitorch_cnn contributors"
project_copyright = "the minitorch_cnn contributors, MIT licence"
version = release = installed_version("minitorch-cnn")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "api",
    "docstrings",
    "links_figure",
    "operation_table",
    "performance_results",
    "pictures",
    "primitive_table",
    "run",
    "self_contained",
    "sharing_results",
]
exclude_patterns = ["_build", "generated", "sg_execution_times.rst"]
nitpicky = True
# sphinx-gallery keeps functions in its configuration, which Sphinx cannot store between builds.
suppress_warnings = ["config.cache"]

# Types stand in the docstrings: arrays of different libraries share no class to annotate with.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
add_module_names = False
toc_object_entries_show_parents = "hide"
# Types of parameters are prose ("Tensor, shape (N, C)"), so they are not looked up as classes.
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = False
# The same for attributes.
napoleon_custom_sections = [("Attributes", "params_style")]


def _place_of_lesson(file_name: str) -> str:
    """By number; the derivation has its name because of what it is, and is the third."""
    return file_name.replace("derivation", "plot_03_derivation")


sphinx_gallery_conf = {
    "examples_dirs": "../tutorials",
    "gallery_dirs": "auto_tutorials",
    "filename_pattern": r"(plot_\d\d_\w+|derivation)\.py$",
    "within_subsection_order": _place_of_lesson,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("minitorch_cnn",),
    "reference_url": {"minitorch_cnn": None},
    "capture_repr": ("_repr_html_", "__repr__"),
    "abort_on_example_error": True,
    # The page of running times would load scripts from other hosts.
    "write_computation_times": False,
    "min_reported_time": 1_000_000,
    "remove_config_comments": True,
    "reset_modules": ("matplotlib",),
    "show_signature": False,
    "download_all_examples": False,
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "minitorch_cnn"
html_static_path = ["_static"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_css_files = ["minitorch.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "minitorch_cnn"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "getting_started": []}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
