"""Particle worlds: points that push, chase, hide and speak on a plane, many environments at once.

`scenarios.entries` lists the worlds; each stands in a file of its own, which is its page. The physics is written once.
"""
