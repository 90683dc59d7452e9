"""Particle worlds."""
