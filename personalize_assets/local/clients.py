"""boto3 clients of a deployment, with the local stack started where it is needed."""

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment


def open_clients(deployment: Deployment) -> Clients:
    """Make the clients of ``deployment``: the one call that works for both.

    For ``local`` the stack is started if it does not run. Should it die later, the next request of
    these clients starts it again at the same addresses before botocore tries once more.

    Raises:
        StackError: The local stack cannot run.
    """
    raise NotImplementedError
