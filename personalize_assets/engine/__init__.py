"""The embedded Amazon Personalize: its API on one HTTP port, offline.

``wire`` speaks HTTP as botocore's models say, ``operations`` answer, ``store`` keeps and ``jobs``
work. Nothing here knows Dagster.
"""
