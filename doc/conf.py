"""Configuration of the documentation: ``python -m sphinx -W -b html doc doc/_build/html``."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sklearn-lossacc"
author = "The sklearn_lossacc developers"
copyright = "2026, The sklearn_lossacc developers"
release = installed_version("sklearn-lossacc")
version = ".".join(release.split(".")[:2])

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "native_math",
]
html_math_renderer = "native"
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"

autosummary_generate = True
autodoc_typehints = "none"
# Made by scikit-learn for every estimator; their text points into its own documentation.
autodoc_default_options = {
    "exclude-members": "set_fit_request, set_score_request, set_predict_request, set_predict_proba_request"
}
numpydoc_show_class_members = False  # members follow, inherited ones too

toc_object_entries_show_parents = "hide"
html_theme = "pydata_sphinx_theme"
html_title = "sklearn-lossacc"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_depth": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"getting_started": [], "glossary": [], "index": []}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "min_reported_time": 10,
    "show_memory": False,
    "parallel": True,  # as many as -j says
    "image_scrapers": ("matplotlib",),
    "backreferences_dir": "api/backreferences",
    "doc_module": ("sklearn_lossacc",),
}
