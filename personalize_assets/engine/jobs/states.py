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
UPDATE_PENDING: Final = "UPDATE PENDING"
UPDATE_IN_PROGRESS: Final = "UPDATE IN_PROGRESS"
STOP_PENDING: Final = "STOP PENDING"
STOP_IN_PROGRESS: Final = "STOP IN_PROGRESS"
INACTIVE: Final = "INACTIVE"
START_PENDING: Final = "START PENDING"
START_IN_PROGRESS: Final = "START IN_PROGRESS"
PENDING: Final = "PENDING"
IN_PROGRESS: Final = "IN_PROGRESS"
COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"

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
        member: The member of the resource's body, such as ``latestCampaignUpdate``, whose own
            ``status`` goes this course while the resource stays as it is; None: the resource's.
        mirror: A member of the body that shows the resource's status as well; None for none.
    """

    pending: str
    running: str
    done: str | None
    failed: str | None
    member: str | None = None
    mirror: str | None = None

    @property
    def open(self) -> frozenset[str]:
        """The statuses in which the work may still be begun, gone on with or ended."""
        return frozenset({self.pending, self.running})


CREATE: Final = Course(CREATE_PENDING, CREATE_IN_PROGRESS, ACTIVE, CREATE_FAILED)
STOP: Final = Course(CREATE_STOPPING, CREATE_STOPPING, CREATE_STOPPED, None)
DELETE: Final = Course(DELETE_PENDING, DELETE_IN_PROGRESS, None, None)
DELETE_GROUP: Final = Course(DELETE_PENDING, DELETE_PENDING, None, None)
DELETE_DATA: Final = Course(PENDING, IN_PROGRESS, COMPLETED, FAILED)
UPDATE_SCHEMA: Final = Course(
    UPDATE_PENDING, UPDATE_IN_PROGRESS, ACTIVE, ACTIVE, mirror="latestDatasetUpdate"
)
UPDATE_CAMPAIGN: Final = Course(
    CREATE_PENDING, CREATE_IN_PROGRESS, ACTIVE, CREATE_FAILED, member="latestCampaignUpdate"
)
UPDATE_SOLUTION: Final = Course(
    CREATE_PENDING, CREATE_IN_PROGRESS, ACTIVE, CREATE_FAILED, member="latestSolutionUpdate"
)
UPDATE_RECOMMENDER: Final = Course(
    CREATE_PENDING, CREATE_IN_PROGRESS, ACTIVE, CREATE_FAILED, member="latestRecommenderUpdate"
)
STOP_RECOMMENDER: Final = Course(STOP_PENDING, STOP_IN_PROGRESS, INACTIVE, None)
START_RECOMMENDER: Final = Course(START_PENDING, START_IN_PROGRESS, ACTIVE, None)
REPEAT: Final = Course(ACTIVE, ACTIVE, ACTIVE, ACTIVE)
"""Work that comes again and again, such as automatic training, while its resource is ACTIVE."""
