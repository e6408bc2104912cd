"""The workflow in a real AWS account: only when asked for, within a budget, and gone afterwards."""
