"""Settings of Sphinx for the site that ``build.py`` builds."""

from oddframe import __version__

project = "oddframe"
author = "the oddframe developers"
copyright = "Apache-2.0"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
# The pages, and nothing else of the repository: what they link to is copied as it is.
include_patterns = ["*.md", "docs/*.md", "docs/detectors/*.md", "docs/tutorials/*.md"]

# Anchors as GitHub makes them, so that the same links hold in both places.
myst_heading_anchors = 4
# fixed-camera.md goes from its title to ### in its first part; GitHub does not mind.
suppress_warnings = ["myst.header"]

autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"oddframe {release}"
html_copy_source = False
html_show_sourcelink = False
# Code is coloured by what stands behind the fence; without a word it is text.
highlight_language = "text"
