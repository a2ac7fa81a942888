"""The training loop, whatever is trained, and the hardware that it runs on."""
