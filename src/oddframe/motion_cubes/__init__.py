"""Features of motion: temporal gradients of small cubes of a video, after Lu et al. 2013."""
