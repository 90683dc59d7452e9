"""``python -m nashlens.reports`` is the command ``nashlens``, where no script of that name is on the path."""

import sys

from nashlens.reports.cli import main

if __name__ == "__main__":
    sys.exit(main())
