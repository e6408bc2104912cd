"""What the account needs before the first run, described once and brought about by boto3.

``wanted`` describes it in CloudFormation's own terms, ``plan`` compares that with what is there,
``apply`` and ``destroy`` change it. ``deploy/cloudformation.yaml`` is the same as a template.
"""
