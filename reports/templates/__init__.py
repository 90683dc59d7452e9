"""Templates of the pages that reports are written to."""
