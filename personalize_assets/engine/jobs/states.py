"""The statuses that asynchronous work leads a resource through, as one table.

Clients compare these strings literally. Nothing here knows how work is done.
"""

from dataclasses import dataclass
from typing import Final

CREATE_PENDING: Final = "CREATE PENDING"
CREATE_IN_PROGRESS: Final = "CREATE IN_PROGRESS"
ACTIVE: Final = "ACTIVE"
CREATE_FAILED: Final = "CREATE FAILED"
CREATE_STOPPING: Final = "CREATE STOPPING"
CREATE_STOPPED: Final = "CREATE STOPPED"
DELETE_PENDING: Final = "DELETE PENDING"
DELETE_IN_PROGRESS: Final = "DELETE IN_PROGRESS"

BEING_CREATED: Final = frozenset({CREATE_PENDING, CREATE_IN_PROGRESS})
BEING_DELETED: Final = frozenset({DELETE_PENDING, DELETE_IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class Course:
    """The statuses of one kind of work, in order.

    Attributes:
        pending: Before it begins.
        running: While it is done; the same as ``pending`` where AWS lists no status of its own.
        done: After success; None where the resource is gone then.
        failed: After a failure; None where it cannot fail.
    """

    pending: str
    running: str
    done: str | None
    failed: str | None

    @property
    def open(self) -> frozenset[str]:
        """The statuses in which the work may still be begun, gone on with or ended."""
        return frozenset({self.pending, self.running})


CREATE: Final = Course(CREATE_PENDING, CREATE_IN_PROGRESS, ACTIVE, CREATE_FAILED)
STOP: Final = Course(CREATE_STOPPING, CREATE_STOPPING, CREATE_STOPPED, None)
DELETE: Final = Course(DELETE_PENDING, DELETE_IN_PROGRESS, None, None)
DELETE_GROUP: Final = Course(DELETE_PENDING, DELETE_PENDING, None, None)
