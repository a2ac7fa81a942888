"""What this machine can do with oddframe, what it lacks, and the line that installs that."""
