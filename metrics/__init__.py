"""Metrics: one file each; files beginning with an underscore are shared by them."""
