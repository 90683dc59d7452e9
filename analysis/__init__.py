"""Analysis: instruments for profiles, policies and arrays; NumPy and SciPy only, float64."""
