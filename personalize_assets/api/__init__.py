"""Recommendations for applications: a REST service over campaigns, on the engine or on AWS alike.

Knows neither Dagster nor the command line. `app.make_app` is where everything comes together.
"""
