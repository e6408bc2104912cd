"""Writes down which operations of AWS the project's own code calls while tests run."""
