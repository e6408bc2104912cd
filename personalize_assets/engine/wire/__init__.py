"""From HTTP bytes to a call of an operation and back, driven by botocore's service models.

Nothing here knows what any operation does.
"""
