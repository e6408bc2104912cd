"""The cleaning rules as one PySpark job, for data that one machine does not hold."""
