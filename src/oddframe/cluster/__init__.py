"""Work on several processors or machines, through Ray."""
