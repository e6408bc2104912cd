"""The workflow on Amazon Personalize and Amazon S3, in plain boto3."""
