"""`python -m faregate`: the same as the `faregate` command."""

from __future__ import annotations

import sys

from faregate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
