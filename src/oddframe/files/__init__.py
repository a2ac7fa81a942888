"""Files of all kinds, read within limits and written whole or not at all."""
