"""The generated square: a camera, a backdrop, figures, their paths, and the renderer.

Nothing here knows of files or manifests; :mod:`oddframe.datasets.synthetic` does.
"""
