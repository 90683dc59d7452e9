"""Analysis: instruments for profiles, policies and arrays; NumPy and SciPy only, float64."""

from nashlens.analysis.best_response import BestResponse, best_response, deviation_gains
from nashlens.analysis.exploitability import Exploitability, NashConv, exploitability, nash_conv
from nashlens.analysis.results import Estimate
from nashlens.analysis.statistics import Intervals, student_t, wilson

__all__ = [
    "BestResponse",
    "Estimate",
    "Exploitability",
    "Intervals",
    "NashConv",
    "best_response",
    "deviation_gains",
    "exploitability",
    "nash_conv",
    "student_t",
    "wilson",
]
