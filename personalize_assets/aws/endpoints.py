"""Where the services of a local deployment listen.

A value of its own, without imports, so that the local stack can speak of endpoints without
loading boto3.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoints:
    """Addresses of one running local stack.

    Attributes:
        personalize: Base address of the engine, which answers for personalize, personalize-runtime
            and personalize-events, such as ``http://127.0.0.1:41234``.
        s3: Base address of the local S3.
        pid: Process id of the supervisor that keeps both running; 0 where there is none.
    """

    personalize: str
    s3: str
    pid: int = 0
