"""A row of a paper's table: its recipe, what it needs here, what came of it."""
