"""What a thing is: cards of runs, manifests, scores, features and recordings."""
