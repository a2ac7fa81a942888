"""Many trainings: what a sweep file asks for, the trials on disk, and running them on Ray Tune."""
