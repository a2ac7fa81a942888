"""``python -m oddframe``."""

from oddframe.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
