"""Parts of a camera's picture that a person has named: what is ignored there, what is watched."""
