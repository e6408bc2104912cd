"""The errors that an API call can end with, by the names that AWS gives them.

An operation raises one of these with a text; the wire layer gives it its shape. The HTTP status of
an error of the service comes from the service model of the operation, since the same name is 400
on the control plane and 404 or 409 on the runtime; only the errors that are common to all AWS
services state theirs here. Nothing here knows HTTP messages, operations or the store.
"""

from typing import ClassVar


class ServiceError(Exception):
    """An API call was refused or failed in a way that the caller is told about.

    Args:
        message: What the caller reads: what was wrong, where, and what is allowed.
    """

    code: ClassVar[str] = "InternalFailure"
    status: ClassVar[int | None] = None  # None: the service model says it

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(ServiceError):
    """A value of the request is not acceptable."""

    code = "InvalidInputException"


class InvalidNextToken(ServiceError):
    """A ``nextToken`` did not come from the previous page of the same list."""

    code = "InvalidNextTokenException"


class LimitExceeded(ServiceError):
    """A quota of the account, the group or the kind of job is used up."""

    code = "LimitExceededException"


class ResourceAlreadyExists(ServiceError):
    """The name is taken."""

    code = "ResourceAlreadyExistsException"


class ResourceInUse(ServiceError):
    """The resource is in a state, or has dependents, that forbid the call."""

    code = "ResourceInUseException"


class ResourceNotFound(ServiceError):
    """No such resource in this account and region."""

    code = "ResourceNotFoundException"


class TooManyTags(ServiceError):
    """The resource would carry more tags than allowed."""

    code = "TooManyTagsException"


class TooManyTagKeys(ServiceError):
    """More tag keys were named than can be removed."""

    code = "TooManyTagKeysException"


class CommonError(ServiceError):
    """An error that any AWS operation can give, with a status of its own."""

    status: ClassVar[int | None] = 400


class AccessDenied(CommonError):
    """The caller may not do this."""

    code = "AccessDeniedException"
    status = 403


class IncompleteSignature(CommonError):
    """The Authorization header is not what SigV4 prescribes."""

    code = "IncompleteSignature"
    status = 403


class InternalFailure(CommonError):
    """The engine failed; its log says why."""

    code = "InternalFailure"
    status = 500


class MissingAuthenticationToken(CommonError):
    """The request is not signed."""

    code = "MissingAuthenticationTokenException"
    status = 403


class RequestEntityTooLarge(CommonError):
    """The body is larger than any valid request."""

    code = "RequestEntityTooLargeException"
    status = 413


class SerializationFailure(CommonError):
    """The body is not JSON, or a member has another type than the model says."""

    code = "SerializationException"
    status = 400


class ServiceUnavailable(CommonError):
    """The engine is stopping or cannot write; the call may be repeated."""

    code = "ServiceUnavailable"
    status = 503


class Throttling(CommonError):
    """Too many calls in a short time; SDKs repeat the call by themselves."""

    code = "ThrottlingException"
    status = 400


class UnknownOperation(CommonError):
    """The model has no such operation."""

    code = "UnknownOperationException"
    status = 404


class UnrecognizedClient(CommonError):
    """The access key is not one that this engine takes."""

    code = "UnrecognizedClientException"
    status = 403


class ValidationFailure(CommonError):
    """What `InvalidInput` is where the model does not declare that: for two list operations."""

    code = "ValidationError"
    status = 400


class UnsupportedOperation(CommonError):
    """Amazon Personalize has the operation; this engine has not built it yet."""

    code = "UnsupportedOperationException"
    status = 501
