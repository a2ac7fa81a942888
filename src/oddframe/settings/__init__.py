"""Settings: names and values that people give, against the dataclass that they belong to."""
