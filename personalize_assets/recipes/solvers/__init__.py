"""Numerical parts that several recipes share: arrays in, arrays out."""
