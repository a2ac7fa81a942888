"""The page: what cameras saw, for a person who looks at it and decides."""
