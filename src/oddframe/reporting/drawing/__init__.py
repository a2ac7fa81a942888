"""Pictures made of pixels: plots, bars, heat over frames, lettering, thumbnails."""
