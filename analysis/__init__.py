"""Analysis: instruments for profiles, policies and arrays; NumPy and SciPy only, float64.

The names here are those that a notebook starts with. A function that is called like its module (`best_response`,
`exploitability`) is imported from the module, which it would hide here.
"""

from nashlens.analysis.best_response import BestResponse, deviation_gains
from nashlens.analysis.correlated import correlated_equilibrium
from nashlens.analysis.dynamics import trajectory, vector_field
from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.exploitability import Exploitability, NashConv, nash_conv
from nashlens.analysis.nash_averaging import nash_average
from nashlens.analysis.potential import potential_decomposition
from nashlens.analysis.proportions import wilson
from nashlens.analysis.quantal import logit_branch
from nashlens.analysis.rationality import fit_rationality
from nashlens.analysis.results import Estimate
from nashlens.analysis.statistics import Intervals, student_t
from nashlens.analysis.welfare import price_of_anarchy, social_optimum

__all__ = [
    "BestResponse",
    "Estimate",
    "Exploitability",
    "Intervals",
    "NashConv",
    "correlated_equilibrium",
    "deviation_gains",
    "find_equilibria",
    "fit_rationality",
    "logit_branch",
    "nash_average",
    "nash_conv",
    "potential_decomposition",
    "price_of_anarchy",
    "pure_equilibria",
    "social_optimum",
    "student_t",
    "trajectory",
    "vector_field",
    "wilson",
]
