"""Notifications as a Dagster resource: an SNS topic in aws, a log file on one machine."""

from functools import cached_property

from personalize_assets.aws.notifications import Send, sender_of
from personalize_assets.resources.deployed import DeployedResource


class NotificationsResource(DeployedResource):
    """Tells people; speaks to SNS only in the aws deployment."""

    @cached_property
    def send(self) -> Send | None:
        """Delivers one notice and says where it went; None where nobody is to be told."""
        return sender_of(self.settings)

    def run_page(self, run_id: str) -> str | None:
        """Address of a run in the Dagster UI; None where that address is not known."""
        return f"{self.ui_url.rstrip('/')}/runs/{run_id}" if self.ui_url else None
