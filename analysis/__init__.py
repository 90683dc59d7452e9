"""Analysis: instruments for profiles, policies and arrays; NumPy and SciPy only, float64.

The names here are those that a notebook starts with. A function that is called like its module (`best_response`,
`exploitability`) is imported from the module, which it would hide here.
"""

from nashlens.analysis.best_response import BestResponse, deviation_gains
from nashlens.analysis.exploitability import Exploitability, NashConv, nash_conv
from nashlens.analysis.proportions import wilson
from nashlens.analysis.results import Estimate
from nashlens.analysis.statistics import Intervals, student_t

__all__ = [
    "BestResponse",
    "Estimate",
    "Exploitability",
    "Intervals",
    "NashConv",
    "deviation_gains",
    "nash_conv",
    "student_t",
    "wilson",
]
